"""Pickers that several pages share: a text, a model, every setting of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.charts.training_words import distinct_titles
from explorer.run_records import runs_now
from gpt.corpus.catalogue import (
    CATALOGUE,
    Entry,
    MissingCorpusError,
    load_corpus,
)
from gpt.corpus.corpus import Corpus, Kind
from gpt.corpus.download import fetch, store
from gpt.corpus.text import MAXIMUM_BYTES, CorpusError
from gpt.runs.config import Origin, RunConfig, RunError, RunKind
from gpt.runs.library import Summary
from gpt.runs.presets import DEFAULT_PRESET, PRESETS, configure, sections
from gpt.runs.run import Checkpoint
from gpt.tensor.config import GPTConfig

OWN_TEXT = "own"
MEGABYTE = 1_000_000
COLUMNS = 4  # of settings

# By these others are set that nobody has touched: see `gpt.runs.presets.configure`.
LEADERS = ("steps", "learning_rate", "evaluation_interval")

KIND_TITLES: dict[Kind, str] = {"text": "running text", "documents": "one document a line"}
SECTION_TITLES = {
    "tokenizer": "How the text is cut",
    "model": "The model",
    "training": "How it is trained",
    "recording": "What is kept",
    "compute": "Where it is computed",
}

state = st.session_state


@st.cache_resource
def _load(name: str) -> Corpus:
    """A text of the catalogue, read once for all visits."""
    return load_corpus(name)


def show_mistake(message: str) -> None:
    """One sentence about what was wrong and what would be right, beside what it is about."""
    st.markdown(f":material/error: {message.replace('$', chr(92) + '$')}")


def corpus_title(name: str) -> str:
    if name == OWN_TEXT:
        return "Your own text …"
    return CATALOGUE[name].title


def choose_corpus() -> str:
    """The name of a text of the catalogue, or `OWN_TEXT`."""
    return st.selectbox(
        "Text to learn",
        [*CATALOGUE, OWN_TEXT],
        format_func=corpus_title,
        key="corpus",
        persist_state="session",
        on_change=_suit_preset,
    )


def choose_preset() -> str:
    """The name of a model with its training."""
    return st.selectbox(
        "Model",
        list(PRESETS),
        format_func=lambda name: f"{name} · {PRESETS[name].title}",
        key="preset",
        persist_state="session",
        on_change=_note_preset,
    )


def _suit_preset() -> None:
    """For another text the model that was chosen for it by hand, or else one that suits it."""
    corpus = state.corpus
    state.preset = state.get("chosen_presets", {}).get(corpus) or preset_for(corpus, state.preset)


def _note_preset() -> None:
    state.setdefault("chosen_presets", {})[state.corpus] = state.preset


def preset_for(corpus: str, current: str) -> str:
    """The model made for this very text; elsewhere the current one, if it is not one of these."""
    if corpus in PRESETS:
        return corpus
    return DEFAULT_PRESET if current in CATALOGUE else current


def provide_corpus(name: str) -> Corpus | None:
    """The text of that name; what it takes to have it is asked for here, and None until then."""
    if name == OWN_TEXT:
        return _own_text()
    try:
        return _load(name)
    except MissingCorpusError:
        return _fetch_or_upload(CATALOGUE[name])
    except CorpusError as error:
        show_mistake(str(error))
        return None


def _own_text() -> Corpus | None:
    with st.container(border=True):
        paste, upload = st.columns([3, 2], gap="large")
        with paste:
            pasted = st.text_area(
                "Paste a text",
                key="pasted",
                height=150,
                persist_state="session",
                placeholder="At least a hundred characters; the more the better.",
            )
        with upload:
            uploaded = st.file_uploader(
                "or upload one, in UTF-8, up to 20 MB",
                key="uploaded",
                max_upload_size=MAXIMUM_BYTES // MEGABYTE,
            )
            kind = st.radio(
                "Read it as",
                list(KIND_TITLES),
                format_func=KIND_TITLES.get,
                key="kind",
                horizontal=True,
                persist_state="session",
            )
        if uploaded is None and not pasted:
            st.html(
                '<p class="gpt-caption">It stays on this machine, in the folder of its run.</p>'
            )
            return None
        source = uploaded.getvalue() if uploaded else pasted
        try:
            return Corpus.read(source, uploaded.name if uploaded else "pasted text", kind)
        except CorpusError as error:
            show_mistake(str(error))
            return None


def _fetch_or_upload(entry: Entry) -> Corpus | None:
    assert entry.source is not None
    with st.container(border=True):
        asked, upload = st.columns(2, gap="large")
        with asked:
            st.markdown(f"**{entry.title}** is not on this machine yet.")
            size = entry.source.n_bytes / MEGABYTE
            if st.button(f"Fetch it, {size:.1f} MB", icon=":material/download:"):
                bar = st.progress(0.0, "Connecting …")
                try:
                    fetch(entry, partial(_show_progress, bar))
                except CorpusError as error:
                    bar.empty()
                    show_mistake(str(error))
                else:
                    st.rerun()
            st.html(
                f'<p class="gpt-caption">From {entry.source.url}. What comes is kept only if its'
                f" SHA-256 is {entry.source.sha256[:12]}…</p>"
            )
        with upload:
            uploaded = st.file_uploader(
                "No network? Upload the file.",
                key=f"upload of {entry.name}",
                max_upload_size=MAXIMUM_BYTES // MEGABYTE,
            )
            if uploaded:
                try:
                    store(entry, uploaded.getvalue())
                except CorpusError as error:
                    show_mistake(str(error))
                else:
                    st.rerun()
    return None


def _show_progress(bar: DeltaGenerator, received: int, total: int) -> None:
    bar.progress(received / total, f"{received:,} of {total:,} bytes")


class ChosenOrigin(NamedTuple):
    """The weights that another run left, to start from."""

    summary: Summary
    checkpoint: Checkpoint

    def as_argument(self) -> tuple[Origin, RunConfig]:
        """As `configure` takes it."""
        return Origin(self.summary.run.name, self.checkpoint.step), self.summary.config


def choose_origin(kind: RunKind) -> ChosenOrigin | None:
    """Fresh weights, or those of a run of that kind. Raises RunError where they are gone."""
    runs = {each.run.name: each for each in runs_now().runs if each.config.kind == kind}
    titles = distinct_titles([*runs.values()])
    run, step = st.columns([3, 1])
    with run:
        name = st.selectbox(
            "Start from",
            [None, *runs],
            format_func=lambda name: f"the weights of {titles[name]}" if name else "fresh weights",
            key=f"origin {kind}",
        )
    if name is None:
        return None
    checkpoints = {each.step: each for each in runs[name].run.checkpoints()}
    with step:
        chosen = st.selectbox("as after step", list(checkpoints), len(checkpoints) - 1)
    if chosen is None:
        raise RunError(f"{runs[name].config.title} has kept no weights yet.")
    return ChosenOrigin(runs[name], checkpoints[chosen])


def edit_settings(preset: str, corpus: Corpus) -> dict[str, Any]:
    """Every setting of a run, by section, as it stands in the preset; returns those changed.

    Raises ValueError if the preset cannot learn this text.
    """
    suggested = state.get("suggested", {}).get(preset, {})
    changes = _changed_leaders(preset, corpus, suggested)
    settings = configure(PRESETS[preset], corpus, changes).settings()
    for section, described in sections(PRESETS[preset].kind).items():
        st.markdown(f"**{SECTION_TITLES[section]}**")
        hints, words = get_type_hints(described), described.descriptions()
        # The model's vocabulary is the tokenizer's.
        is_taken = "vocab_size" if section == "model" else None
        shown = [each for each in fields(described) if each.name != is_taken]
        model = {
            **settings["model"],
            **{
                name: value
                for name in settings["model"]
                if (value := state.get(setting_key(preset, name))) is not None
            },
        }
        # Switches are lower than fields: together they line up.
        shown.sort(key=lambda each: hints[each.name] is bool)
        for number, each in enumerate(shown):
            value, key = settings[section][each.name], setting_key(preset, each.name)
            is_used = _is_used(preset, section, model, each.name)
            _follow(key, value)
            if number % COLUMNS == 0:
                columns = st.columns(COLUMNS)
            with columns[number % COLUMNS]:
                chosen = _setting(
                    each.name,
                    hints[each.name],
                    value,
                    suggested.get(each.name, value),
                    each.metadata,
                    help=words.get(each.name, ""),
                    key=key,
                    disabled=not is_used,
                )
            if is_used and chosen != value:
                changes[each.name] = chosen
    return changes


def _changed_leaders(preset: str, corpus: Corpus, suggested: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that others follow, as far as they stand elsewhere than in the preset."""
    training = configure(PRESETS[preset], corpus).training.to_dict()
    standing = {name: state.get(setting_key(preset, name), suggested.get(name)) for name in LEADERS}
    return {name: value for name, value in standing.items() if value not in (None, training[name])}


def _follow(key: str, value: Any) -> None:
    """Move a setting to the value that follows from others, unless somebody has set it."""
    followed = state.setdefault("followed", {})
    if key in state and key in followed and state[key] == followed[key] != value:
        state[key] = value
    followed[key] = value


def setting_key(preset: str, name: str) -> str:
    """What the session calls a setting of a preset."""
    return f"setting {state.get('suggestions', 0)} {preset} {name}"


def suggest_settings(preset: str, changes: Mapping[str, Any]) -> None:
    """Let the settings of a preset start from other values than its own."""
    state.suggested = {preset: dict(changes)}
    state.suggestions = state.get("suggestions", 0) + 1


def _is_used(preset: str, section: str, model: Mapping[str, Any], name: str) -> bool:
    """Whether the tokenizer, or the rung of the ladder, has a use for the setting."""
    if name == "vocab_size":
        return state.get(setting_key(preset, "tokenizer")) == "bpe"
    if section != "model" or "rung" not in model:
        return True
    return GPTConfig(vocab_size=1, rung=model["rung"]).uses(name)


def _setting(
    name: str,
    hint: Any,
    value: Any,
    start: Any,
    limits: Mapping[str, Any],
    *,
    help: str,
    key: str,
    disabled: bool,
) -> Any:
    """One setting, by the kind of its values: `value` in the preset, `start` at first here."""
    about: dict[str, Any] = {
        "help": help,
        "key": key,
        "disabled": disabled,
        "persist_state": "session",
    }
    if get_origin(hint) is Literal:
        return st.selectbox(name, get_args(hint), get_args(hint).index(start), **about)
    kinds = get_args(hint) or (hint,)
    if bool in kinds:
        return st.toggle(name, start, **about)
    if str in kinds:
        return st.text_input(name, start, **about)
    is_whole = int in kinds
    at_least = limits.get("at_least")
    chosen = st.number_input(
        name,
        min_value=at_least if at_least is None or is_whole else float(at_least),
        value=start,
        step=1 if is_whole else None,
        format="%d" if is_whole else "%g",
        placeholder="none" if NoneType in kinds else "a number",
        **about,
    )
    # An emptied field means "never" where that can be, and else what the preset says.
    return value if chosen is None and NoneType not in kinds else chosen
