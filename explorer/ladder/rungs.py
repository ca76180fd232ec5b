"""Chapter six: the rungs, each with its code, what is new in it, its loss and what it writes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from textwrap import dedent

import streamlit as st

from explorer.charts.ladder import Stair, staircase_figure
from explorer.charts.training import Curve, View, loss_figure
from explorer.charts.training_words import duration, sample_card
from explorer.components.plot import PlotEvent, plot
from explorer.ladder.lecture import is_its_text
from explorer.ladder.rung_runs import (
    follow,
    runs_of_rungs,
    show_standing,
    show_start_mistake,
    tick_of,
    train_rungs,
)
from explorer.reruns import run_apart
from explorer.run_watch import baselines_in, curve_of, measured, records_of
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.runs.library import Summary
from gpt.runs.presets import PRESETS, configure
from gpt.tensor import ladder, layers
from gpt.tensor.config import RUNG_NAMES, RungName
from gpt.tensor.evaluation import evaluate
from gpt.tensor.models import RUNGS
from gpt.tensor.training import Trainer

SHOWN: tuple[RungName, ...] = tuple(rung for rung in RUNG_NAMES if rung != "gpt")

LECTURE_LOSSES: Mapping[RungName, float] = {
    "bigram": 2.49,
    "single-head": 2.4084,
    "multi-head": 2.2858,
    "feed-forward": 2.2409,
    "residuals": 2.08,
    "layer-norm": 2.06,
}
"""What "Let's build GPT" prints as validation loss on Tiny Shakespeare, with these settings."""

PARTS: Mapping[RungName, Sequence[type]] = {
    "bigram": (),
    "single-head": (layers.Head,),
    "multi-head": (layers.MultiHeadAttention,),
    "feed-forward": (layers.FeedForward,),
    "blocks": (ladder.PlainBlock,),
    "residuals": (ladder.ResidualBlock, layers.MLP),
    "layer-norm": (ladder.NormBlock,),
    "dropout": (),
}
"""The layers that are new on each rung, beside its model."""

SHARES = {"a tenth of the steps": 0.1, "all the lecture's steps": 1.0}

state = st.session_state


def show(corpus: Corpus) -> None:
    """The staircase, and everything about the rung that is chosen."""
    st.html(
        """<p class="gpt-lead">From the table to the transformer in eight steps, each with one new
        idea. Train them, and see what every idea is worth.</p>"""
    )
    show_start_mistake()
    state.setdefault("rung", SHOWN[0])
    show_race(corpus)
    summaries = [each for rung, each in runs_of_rungs(corpus).items() if rung in SHOWN]
    tick = tick_of(summaries)
    run_apart(show_live, corpus, tick, every=tick)
    show_code(Trainer, evaluate)


def suggest(corpus: Corpus) -> None:
    show_things_to_try(
        [
            Suggestion(
                "Depth without residuals",
                "Three blocks stacked bare: slower to learn than a single one beneath them.",
                choose,
                ("blocks",),
            ),
            Suggestion(
                "Add two plus signs",
                "x + attention(x), x + mlp(x): the very same depth now trains.",
                choose,
                ("residuals",),
            ),
            Suggestion(
                "Race a tenth",
                "All eight at a tenth of the steps, one after the other: about half a minute.",
                train_rungs,
                (SHOWN, corpus, 0.1),
            ),
        ]
    )


def show_race(corpus: Corpus) -> None:
    """The button that trains all rungs, one after another."""
    length, button, words = st.columns([4, 3, 5], vertical_alignment="bottom", gap="medium")
    share = SHARES[
        length.segmented_control(
            "Race over", list(SHARES), default=next(iter(SHARES)), required=True, key="race share"
        )
        or next(iter(SHARES))
    ]
    button.button(
        "Race all rungs",
        type="primary",
        icon=":material/flag:",
        on_click=train_rungs,
        args=(SHOWN, corpus, share),
        width="stretch",
    )
    words.html(
        '<p class="gpt-caption">One trains at a time, in a process of its own; leave the page, and'
        " they go on.</p>"
    )


def choose(rung: RungName) -> None:
    state["rung"] = rung


def choose_clicked(event: PlotEvent) -> None:
    if event.x is not None:
        state["rung"] = SHOWN[round(float(event.x))]


def show_live(corpus: Corpus, tick: float | None) -> None:
    runs = {rung: each for rung, each in runs_of_rungs(corpus).items() if rung in SHOWN}
    follow(runs.values(), tick)
    stairs = [stair(rung, runs.get(rung), corpus) for rung in SHOWN]
    place = st.container()
    rung: RungName = (
        st.pills(
            "Rung",
            SHOWN,
            format_func=lambda each: f"{SHOWN.index(each) + 1} {each}",
            key="rung",
            required=True,
            persist_state="session",
        )
        or SHOWN[0]
    )
    with place:
        plot(
            staircase_figure(stairs, SHOWN.index(rung)),
            key="staircase",
            height=360,
            alt="The best validation loss of each rung: "
            + (
                ", ".join(f"{each.title} {each.loss:.3f}" for each in stairs if each.loss)
                or "none has been trained yet"
            ),
            on_click=choose_clicked,
        )
    if not is_its_text(corpus):
        st.html(
            '<p class="gpt-caption">The lecture learns Tiny Shakespeare, so its numbers are left'
            " out beside this text.</p>"
        )
    show_rung(rung, runs, corpus)
    suggest(corpus)
    show_change(rung)


def stair(rung: RungName, summary: Summary | None, corpus: Corpus) -> Stair:
    """A rung with what the lecture and this machine got out of it."""
    title = PRESETS[rung].title
    lecture = LECTURE_LOSSES.get(rung) if is_its_text(corpus) else None
    if summary is None:
        return Stair(rung, title, lecture, None)
    status = summary.status
    best = status.best_validation_loss
    return Stair(rung, title, lecture, best, status.step, status.steps, status.best_step or 0)


def show_rung(rung: RungName, runs: Mapping[RungName, Summary], corpus: Corpus) -> None:
    """Curve, facts and newest sample of a rung, over the curves of the others."""
    summary = runs.get(rung)
    curves, beside = st.columns([7, 5], gap="large")
    with beside:
        show_standing(summary, rung, corpus)
        st.html(facts(rung, summary, corpus))
        samples = records_of(summary).samples if summary else []
        st.html(
            sample_card(
                samples[-1] if samples else None,
                is_document=corpus.kind == "documents",
                heading="What it writes",
            )
        )
    with curves:
        others = [
            validation_only(curve_of(each, PRESETS[name].title))
            for name, each in runs.items()
            if name != rung
        ]
        if summary is None:
            st.html('<p class="gpt-caption">Its curve appears here when it trains.</p>')
            return
        plot(
            loss_figure(
                curve_of(summary, PRESETS[rung].title),
                baselines_in(measured(summary)),
                view=View(),
                overlays=others,
            ),
            key="rung losses",
            height=420,
            alt=f"The losses of {PRESETS[rung].title}, over those of the other rungs",
        )


def validation_only(curve: Curve) -> Curve:
    """Without its training losses, of which eight would cover one another."""
    empty = slice(0, 0)
    return Curve(
        curve.title,
        curve.train_steps[empty],
        curve.train_losses[empty],
        curve.validation_steps,
        curve.validation_losses,
        curve.steps,
        curve.characters_per_token,
    )


def facts(rung: RungName, summary: Summary | None, corpus: Corpus) -> str:
    """Size, losses and time, as HTML."""
    config = summary.config if summary else configure(PRESETS[rung], corpus)
    best = summary.status.best_validation_loss if summary else None
    rows = {
        "parameters": f"{config.model.parameter_count():,}",
        "best validation loss, here": "–" if best is None else f"{best:.4f}",
    }
    if is_its_text(corpus):
        lecture = LECTURE_LOSSES.get(rung)
        rows["in the lecture"] = "–" if lecture is None else f"{lecture:g}"
    rows["time"] = duration(summary.status.seconds) if summary else "–"
    body = "".join(f"<tr><th scope='row'>{k}</th><td>{v}</td></tr>" for k, v in rows.items())
    return f"<table class='gpt-facts'><tbody>{body}</tbody></table>"


def show_change(rung: RungName) -> None:
    """The rung's code, and what differs from the rung below."""
    place = SHOWN.index(rung)
    st.header("What is new on this rung", anchor="new")
    if place == 0:
        st.html('<p class="gpt-caption">The first rung: all of it is new.</p>')
        st.code(source_of(RUNGS[rung], *PARTS[rung]), language="python", wrap_lines=True)
        return
    below = SHOWN[place - 1]
    st.html(f'<p class="gpt-caption">What goes from <b>{below}</b>, and what comes:</p>')
    st.code(difference(below, rung), language="diff", wrap_lines=True)
    with st.expander(f"All of {RUNGS[rung].__name__}"):
        st.code(source_of(RUNGS[rung], *PARTS[rung]), language="python", wrap_lines=True)


def source_of(*classes: type) -> str:
    return "\n\n".join(dedent(inspect.getsource(each)) for each in classes)


def difference(below: RungName, above: RungName) -> str:
    """The lines that come and go from one rung to the next."""
    before = source_of(RUNGS[below], *PARTS[below]).splitlines()
    after = source_of(RUNGS[above], *PARTS[above]).splitlines()
    lines = difflib.unified_diff(before, after, below, above, lineterm="", n=2)
    return "\n".join(lines)
