"""One weight, followed through one training step: its uses, its gradient, its update."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.address import forget_view_left, show_refusals
from explorer.browser_messages import send_now
from explorer.charts.numbers import format_number
from explorer.charts.weight_words import arithmetic, lines_of, written
from explorer.reruns import let_it_be_painted, run_apart
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from explorer.weight.link import PAGE, read_link, write_link, write_run
from explorer.weight.moving import (
    Suggested,
    seconds_for_curve,
    show_moving,
    show_whole_curve,
    suggest,
)
from explorer.weight.picking import name_place, show_map, show_matrix
from explorer.weight.subject import WHAT, Matrix, Subject, choose_matrix, choose_weight
from explorer.weight.uses import draw_uses, explain_uses
from gpt.lens.loss_along_weight import LossAlongWeights
from gpt.lens.next_step import prepare_step
from gpt.lens.update_arithmetic import AdamUpdate, MuonUpdate
from gpt.lens.weight_step import WeightId, take_step
from gpt.lens.weight_uses import Use, Watch
from gpt.tensor.training_config import TrainingConfig

MEMORY = (
    "m is where the gradient has pointed of late, v how large it has been: a step goes along m, and"
    " is divided by the root of v, so that weights with small gradients move as far as the others."
)
# Of a curve: within these it comes with the pictures, and within those before all that is below.
AT_ONCE_SECONDS, QUICK_SECONDS = 0.1, 0.5

state = st.session_state


def show_arithmetic(subject: Subject) -> None:
    """From the gradient to the new weight, every line with its numbers."""
    st.header("From the gradient to the new weight", anchor="arithmetic")
    step, training = subject.taken, subject.next_step.config.training
    longest = training.gradient_clip if isinstance(training, TrainingConfig) else None
    update = step.arithmetic(*subject.place)
    remembers = "" if isinstance(update, MuonUpdate) else MEMORY
    st.html(f'<p class="gpt-caption">{memory_words(subject)} {remembers}</p>')
    st.html(arithmetic(lines_of(update, step.gradient_norm, longest)))
    after = step.after[subject.place].item()
    off = abs(after - update.new_weight)
    apart = f"{format_number(off, 2)} from the last line" if off else "exactly the last line"
    optimiser = "Muon" if isinstance(update, MuonUpdate) else "AdamW"
    if subject.opened.plain is not None:
        optimiser = "gpt.scalar's Adam"
    st.html(
        f'<p class="gpt-caption">For this page the trainer took the step just now: {optimiser}'
        f" leaves <b>{written(after)}</b>, which is {apart}.</p>"
    )


def batch_words(matrix: Matrix) -> str:
    """Which step this is, and how one can tell that the batch is the run's own."""
    following, run = matrix.next_step, matrix.next_step.config
    B, T = following.batch[0].shape
    what = f"{B} × {T} tokens" if B > 1 else f"a document of {T} tokens"
    text = (
        f"<b>Step {following.step:,}</b> reads {what}: the batch that the run's seed"
        f" {run.training.seed} draws as number {following.step:,}. The loss on this batch is"
        f" <b>{matrix.taken.loss:.5f}</b> nats per token"
    )
    if following.recorded:
        rounded = " Its weights are kept in half the bits, hence the last digits."
        return (
            f"{text}, where the run itself wrote down <b>{following.recorded.loss:.5f}</b> when it"
            f" took this step.{rounded if following.is_rounded else ''}"
        )
    if following.is_past_the_end:
        idle = "" if following.learning_rate else " Its learning rate is 0, so nothing would move."
        return f"{text}. The run is over; this is the step that would come next.{idle}"
    return f"{text}. The run has yet to take this step."


def memory_words(subject: Subject) -> str:
    """Whose memory the optimiser has here."""
    match subject.next_step.memory:
        case "own":
            return "m and v are the run's own, from the state in which it could go on."
        case "none yet":
            return "Before the first step the optimiser remembers nothing: m and v begin at 0."
        case "fresh":
            following = subject.next_step
            if following.recorded:
                than = "the update differs from the one that the run made"
            elif following.is_past_the_end:
                than = "the run, which is over, made no such update"
            else:
                than = "the update that the run is to make will be another"
            return (
                "A run keeps its optimiser's memory for its newest moment at most, and has none for"
                f" this one. So the optimiser is fresh here: m and v begin at 0, and {than}."
            )


def look_at(step: int, matrix: str, row: int, column: int, start: float | None = None) -> None:
    """Set the page up: a weight of the run that ships, and where the hand has put it."""
    state["weight run"] = state["weight step of"] = "copy"
    state["weight step"], state["weight matrix"] = step, matrix
    state["weight row"], state["weight column"] = row, column
    state["weight place of"] = ("copy", matrix)
    state["weight reach"], state["weight what"] = "far", WHAT
    suggest(None if start is None else Suggested(WeightId(matrix, row, column), start))


def show_hand(subject: Subject) -> None:
    """The weight moved by hand; where it was put stands in the address."""
    show_moving(subject)
    write_link(subject)


THINGS_TO_TRY = [
    Suggestion(
        "The very first step",
        "Adam remembers nothing yet: whatever the gradient, each weight moves by the learning"
        " rate, and only its sign counts.",
        look_at,
        (0, "blocks.0.attn.query.weight", 5, 9),
    ),
    Suggestion(
        "Trust the slope too far",
        "The slope promises less loss the higher this weight goes. It is true only close by: far"
        " up, the loss has risen.",
        look_at,
        (1000, "embeddings.position.weight", 10, 16, 6.0),
    ),
    Suggestion(
        "A letter, wherever it stands",
        "A weight of an embedding is used only where its token is read: everywhere else it adds 0.",
        look_at,
        (298, "embeddings.token.weight", 6, 3),
    ),
]


def show_weight(
    matrix: Matrix, where: DeltaGenerator, picture: DeltaGenerator, below: DeltaGenerator
) -> None:
    """The chosen weight, and all that answers to it: the rest of the page stays as it is."""
    subject = choose_weight(matrix)
    with where:
        show_matrix(subject)
        place = st.container()
    with below:
        st.header("Its gradient is the sum of its uses", anchor="uses")
        st.html(
            '<p class="gpt-caption">A use is one place of the batch at which the forward pass'
            " multiplies something by this weight. What the weight does to the loss is what it does"
            " there, use by use, added up.</p>"
        )
        with st.container(key="weight-uses-beside"):
            drawn, beside = st.columns([8, 5], gap="large")
        with drawn:
            uses = draw_uses(subject)
        words = st.container()

    def show_curve() -> None:
        with picture:
            run_apart(show_hand, subject)

    def show_words() -> None:
        with place:
            name_place(subject)
        with words:
            if uses:
                explain_uses(uses, beside)
            show_arithmetic(subject)

    seconds = seconds_for_curve(subject)
    if seconds < QUICK_SECONDS:
        if seconds > AT_ONCE_SECONDS:
            send_now()  # the browser paints the pictures while the curve is measured
        show_curve()
        show_words()
    else:
        let_it_be_painted()
        show_words()
        show_curve()
    with picture:
        show_whole_curve(subject)


forget_view_left(PAGE)
if "weight run" not in state:
    read_link()
st.title("What happens to one weight in one step?")
matrix = choose_matrix()
if matrix is not None:
    refusals = st.container()  # of what the address asks for: known when all has been shown
    st.html(f'<p class="gpt-caption">{batch_words(matrix)}</p>')
    with st.container(key="weight-picture"):
        where, picture = st.columns([6, 8], gap="medium")
    with where:
        show_map(matrix)
    show_things_to_try(THINGS_TO_TRY)
    below = st.container()
    st.fragment(show_weight)(matrix, where, picture, below)
    with refusals:
        show_refusals(PAGE)
elif "weight run" in state:
    write_run()
show_code(take_step, Watch, Use, AdamUpdate, MuonUpdate, LossAlongWeights, prepare_step)
