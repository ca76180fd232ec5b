"""The shelf of runs: all that are here, and what can be done with the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from io import BytesIO

import pandas as pd
import streamlit as st

from explorer.charts.training_words import STATE_WORDS, distinct_titles
from explorer.controls import show_mistake
from explorer.downloads import Download, show_downloads
from explorer.run_choice import as_plain
from explorer.run_pages import show_questions
from explorer.run_records import RunRecords
from gpt.runs.archive import export_run, import_run
from gpt.runs.config import RunError
from gpt.runs.demos import list_demos
from gpt.runs.library import Listing, Summary, delete_run
from gpt.runs.run import Run
from gpt.runs.tensorboard import tensorboard_archive

SHAPE = ("n_layer", "n_head", "n_embd", "block_size", "vocab_size")

state = st.session_state


def show_list(listing: Listing) -> None:
    """A table of every run, newest first."""
    losses = ("train loss", "best validation loss")
    st.dataframe(
        _table(listing),
        hide_index=True,
        height=min(36 * len(listing.runs) + 38, 330),
        placeholder="–",
        column_config={
            "parameters": st.column_config.NumberColumn(format="localized"),
            "begun": st.column_config.DatetimeColumn(
                format="D MMMM YYYY, HH:mm [UTC]", timezone="UTC"
            ),
            **{name: st.column_config.NumberColumn(format="%.5g") for name in losses},
        },
    )


def show_library(listing: Listing, chosen: Summary | None) -> None:
    """Rename, export and delete the chosen run, and bring in others."""
    for reason in listing.unreadable.values():
        show_mistake(reason)
    if chosen:
        _show_doings(chosen)
    importing, adopting = st.columns(2, gap="large")
    with importing:
        st.file_uploader(
            "Bring in a run that was exported",
            type="zip",
            key=f"import {state.get('imports', 0)}",
            on_change=_import,
        )
        if mistake := state.get("import_mistake"):
            show_mistake(mistake)
    with adopting:
        _show_adopting()


def show_outside(summary: Summary) -> None:
    """In place of a training that nobody here has seen: what the model is, and where to look."""
    assert summary.config.source
    model = summary.config.model.to_dict()
    shape = ", ".join(f"{name} {model[name]:,}" for name in SHAPE)
    st.html(
        f"""<p class="gpt-lead">{escape(summary.config.title)} comes from outside: from
        {escape(summary.config.source.name)}. How it was trained is not known here, but it can be
        looked into.</p><p class="gpt-caption">{summary.config.model.parameter_count():,}
        parameters: {shape}</p>"""
    )
    show_questions(summary)


def show_absent(name: str) -> None:
    """In place of a run that a link asked for and that is not trained here: why, and its report."""
    shipped = {each.run.name: each for each in list_demos().runs}.get(name)
    if shipped is None:
        show_mistake(f"There is no run {as_plain(name)} here.")
        return
    st.html(
        f"""<p class="gpt-caption">{escape(shipped.config.title)} ships with the project. This page
        shows the runs that are trained here; its curves and samples are in its report, and the
        other pages look into it.</p>"""
    )
    show_downloads([_kept_report(shipped.run)])


def show_way_to_compare(names: Sequence[str]) -> None:
    """Where two runs are looked at together, the way to the page that holds them side by side."""
    if len(names) > 1 and st.button(
        "Hold the first two against each other", icon=":material/compare_arrows:"
    ):
        for side, name in zip(("A", "B"), names, strict=False):
            state[f"compare run {side}"], state[f"compare step {side}"] = name, None
        state["compare text"] = state["compare text of"] = ""
        st.switch_page("../pages/compare.py")


def _show_adopting() -> None:
    with st.form("adopt", border=False, enter_to_submit=True):
        st.text_input(
            "Open a model from outside",
            key="adopted",
            placeholder="a folder on this machine, or a name on the Hugging Face hub",
            help="GPT-2 as Hugging Face keeps it: config.json, model.safetensors and"
            " tokenizer.json (or vocab.json and merges.txt). Or nanoGPT's state dict as safetensors"
            " with its model_args as config.json. Nothing in it is executed; pickles stay closed.",
        )
        if st.form_submit_button("Open it", icon=":material/folder_open:"):
            _adopt(state.adopted.strip())
    if mistake := state.get("adopting_mistake"):
        show_mistake(mistake)


def _adopt(source: str) -> None:
    state.adopting_mistake = None
    if not source:
        return
    # Only who brings in a model loads torch.
    from gpt.runs.outside import adopt_model

    with st.spinner(f"Reading {source} …"):
        try:
            run = adopt_model(source)
        except RunError as error:
            state.adopting_mistake = str(error)
            return
    state.adopted_run, state.absent_run = run.name, None
    st.rerun()


def _show_doings(summary: Summary) -> None:
    name = summary.run.name
    title, rename = st.columns([3, 1], vertical_alignment="bottom")
    title.text_input("Title", summary.config.title, key=f"title of {name}", max_chars=80)
    rename.button("Rename", on_click=_rename, args=(summary.run,), width="stretch")
    if mistake := state.get("library_mistake"):
        show_mistake(mistake)
    with st.container(horizontal=True):
        show_downloads(_downloads_of(summary.run))
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown(f"**{summary.config.title}** goes for good, with all that it learnt.")
            st.button("Delete it", type="primary", on_click=_delete, args=(summary.run,))


def _downloads_of(run: Run) -> list[Download]:
    """What can be saved of a run; the same objects at every turn, for one may be at work."""
    kept: dict[str, list[Download]] = state.setdefault("downloads", {})
    if run.name not in kept:
        kept.clear()
        report = _kept_report(run)
        whole = Download(
            "Export as zip",
            f"{run.name}.zip",
            partial(_exported, run),
            icon=":material/download:",
            help="All of the run, to be brought in again here or elsewhere.",
        )
        measured = [
            Download(
                "Every number as CSV",
                f"{run.name}.csv",
                partial(_numbers, run),
                icon=":material/table:",
            ),
            Download(
                "For TensorBoard",
                f"{run.name}-tensorboard.zip",
                partial(tensorboard_archive, run),
                icon=":material/show_chart:",
                help="Its curves and samples: unpack them, then `tensorboard --logdir` FOLDER.",
            ),
        ]
        kept[run.name] = [whole, report]
        if not run.config().is_from_outside:
            kept[run.name] += measured
    return kept[run.name]


def _kept_report(run: Run) -> Download:
    kept: dict[str, Download] = state.setdefault("reports", {})
    if run.name not in kept:
        kept[run.name] = Download(
            "Report as HTML",
            f"{run.name}.html",
            partial(_report, run),
            icon=":material/article:",
            help="Curves, samples, heads, settings and the command that does it again, in one file"
            " that opens without a network.",
        )
    return kept[run.name]


def _table(listing: Listing) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": list(distinct_titles(listing.runs).values()),
            "state": [STATE_WORDS[each.status.state] for each in listing.runs],
            "text": [each.config.corpus.name for each in listing.runs],
            "preset": [each.config.preset or None for each in listing.runs],
            "parameters": [each.config.model.parameter_count() for each in listing.runs],
            # A model from outside has made no step here.
            "step": [each.status.step if each.status.steps else None for each in listing.runs],
            "of": [each.status.steps or None for each in listing.runs],
            "train loss": [each.status.train_loss for each in listing.runs],
            "best validation loss": [each.status.best_validation_loss for each in listing.runs],
            "seconds": [
                round(each.status.seconds, 1) if each.status.steps else None
                for each in listing.runs
            ],
            "begun": pd.to_datetime(
                [each.config.created for each in listing.runs],
                utc=True,
                format="ISO8601",
                errors="coerce",
            ),
        }
    )


def _rename(run: Run) -> None:
    state.library_mistake = None
    try:
        run.rename(state[f"title of {run.name}"])
    except RunError as error:
        state.library_mistake = str(error)


def _delete(run: Run) -> None:
    state.library_mistake = None
    try:
        delete_run(run)
    except RunError as error:
        state.library_mistake = str(error)


def _numbers(run: Run) -> str:
    records = RunRecords(run)
    records.read()
    return records.to_csv()


def _report(run: Run) -> str:
    # Only who asks for it loads torch.
    from gpt.report.report import write_report

    return write_report(run)


def _exported(run: Run) -> bytes:
    archive = BytesIO()
    export_run(run, archive)
    return archive.getvalue()


def _import() -> None:
    uploaded = state[f"import {state.get('imports', 0)}"]
    state.import_mistake = None
    if uploaded is None:
        return
    try:
        state.run = import_run(uploaded).name
    except RunError as error:
        state.import_mistake = str(error)
    else:
        # The uploader begins anew, or it would bring the same run in at every turn.
        state.imports = state.get("imports", 0) + 1
