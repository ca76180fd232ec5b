"""Compare: two runs, or two moments of one, held against each other."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.address import forget_view_left, show_refusals
from explorer.charts.comparison import SIDE_CSS
from explorer.charts.training_comparison import comparison_table, settings
from explorer.compare.choice import PAGE, choose_subject, read_link, stand_in, write_link
from explorer.compare.curves import is_text_awaited, show_losses
from explorer.compare.heads import show_heads
from explorer.compare.subject import Subject
from explorer.compare.texts import show_lens, show_samples
from explorer.compare.verdict import Verdict, judge, sentence, verdict_table, words
from explorer.compare.worth import show_worth
from explorer.reruns import (
    begin_page,
    end_page,
    run_apart,
    run_whole_page,
    was_cut_short,
)
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.lens.ablation import compare_losses
from gpt.lens.comparison import compare_logits, head_distances
from gpt.lens.logit_lens import read_predictions
from gpt.runs.comparison import siblings, standard_error

TICK = 0.4

state = st.session_state


def show_verdict(subject: Subject, judged: list[Verdict], tick: float | None) -> None:
    """Which predicts better, by how much, and whether that can be luck.

    What was judged is taken out of its list, so that a tick, for which none is left, judges anew:
    more may be known by then.
    """
    verdict = judged.pop() if judged else judge(subject)
    st.html(
        f"""<p class="gpt-lead">{sentence(verdict, subject)}</p>{verdict_table(verdict, subject)}
        <p class="gpt-caption">{words(verdict)}</p>"""
    )
    if tick_for(verdict, subject) != tick or was_cut_short():
        run_whole_page()


def tick_for(verdict: Verdict, subject: Subject) -> float | None:
    """How often to look whether a loss has been measured, or a text counted."""
    return TICK if verdict.is_awaited or is_text_awaited(subject) else None


def show_pairs(subject: Subject) -> None:
    """Head against head; which pair is open stands in the address."""
    refusals = st.container()  # of what the address asks for: known when all has been shown
    show_heads(subject)
    chosen = [(side.summary, side.step) for side in subject.sides]
    write_link(chosen, subject.text, subject.seed)
    with refusals:
        show_refusals(PAGE)


def show_settings(subject: Subject) -> None:
    """What came out of both runs, and in which settings they differ."""
    st.header("What was done differently?", anchor="settings")
    if subject.is_one_run:
        what = (
            "A and B are the same model: one run, after the same step."
            if subject.first.step == subject.second.step
            else "it is one run at two moments. Only the steps between them make the difference."
        )
        st.html(f'<p class="gpt-caption">Nothing: {what}</p>')
    elif settings(subject.first.summary.config) == settings(subject.second.summary.config):
        st.html('<p class="gpt-caption">Nothing: not one setting differs, the seed included.</p>')
    summaries = list({side.run: side.summary for side in subject.sides}.values())
    titles = {side.run.name: side.title for side in subject.sides}
    colours = ("muted",) if subject.is_one_run else SIDE_CSS
    st.html(comparison_table(summaries, titles, colours))
    st.html(
        '<p class="gpt-caption">The loss of the last batch is of text that was learnt from, one'
        " batch of it; the validation loss is of text held out, and only that one tells what was"
        " learnt beyond it.</p>"
    )


def set_up(first: tuple[str, int], second: tuple[str, int], text: str) -> None:
    """Let the page hold these two against each other."""
    for name, (run, step) in (("A", first), ("B", second)):
        state[f"compare run {name}"], state[f"compare step {name}"] = run, step
    stand_in(text)
    state["compare pair"] = None
    state["compare text of"] = (first[0], second[0])


THINGS_TO_TRY = [
    Suggestion(
        "Before and after it could copy",
        "Between steps 132 and 298 the answers come right. Which heads have turned elsewhere?",
        set_up,
        (("copy", 132), ("copy", 298), "srti=euhwqkpm=euhwqkpm"),
    ),
    Suggestion(
        "What the last steps still change",
        "From 529 to 1,000 the copy task is long learnt. Look how little any head moves.",
        set_up,
        (("copy", 529), ("copy", 1000), "srti=euhwqkpm=euhwqkpm"),
    ),
    Suggestion(
        "A beginner and a playwright",
        "Shakespeare after 66 steps and after 2,000: the same luck, and another language.",
        set_up,
        (("shakespeare", 66), ("shakespeare", 2000), "ROMEO:\nO, Romeo, wherefore"),
    ),
]


def judge_within(place: DeltaGenerator, subject: Subject) -> None:
    """The verdict, in its place above the pictures.

    It is sent after them, but for the first time, when they would move down for it.
    """
    verdict = judge(subject)
    tick = tick_for(verdict, subject)
    with place:
        run_apart(show_verdict, subject, [verdict], tick, every=tick)


def show() -> None:
    """The choice and all that answers to it; title and navigation need not be sent anew."""
    if was_cut_short():
        run_whole_page()
    subject = choose_subject()
    if subject is not None:
        place = st.container()
        is_first = not state.get("compare was shown")
        if is_first:
            judge_within(place, subject)
        run_apart(show_pairs, subject)
        if not is_first:
            judge_within(place, subject)
        state["compare was shown"] = True
    show_things_to_try(THINGS_TO_TRY)
    if subject is not None:
        show_losses(subject)
        show_samples(subject)
        show_lens(subject)
        show_worth(subject)
        show_settings(subject)


forget_view_left(PAGE)
if "compare text" not in state:
    read_link()
st.title("What makes the difference?")
st.html(
    '<p class="gpt-caption">Two models, A and B, read the same text: two runs, or one run after'
    " fewer and after more steps. Choose both and the text; below stand which predicts better, how"
    " alike their heads look at the text, and what each would write. Click a cell of the grid to"
    " see two heads in full.</p>"
)
begin_page()
st.fragment(show)()
end_page()
show_code(
    head_distances,
    compare_logits,
    read_predictions,
    compare_losses,
    siblings,
    standard_error,
)
