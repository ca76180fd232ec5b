"""Autograd: the computation graph of whatever is typed, forward and backward."""

import html
import keyword
import re
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from explorer.autograd_address import TINY_GPT, View, read_address, write_address
from explorer.autograd_sections import show_nudges, show_paths, show_slope, show_table
from explorer.charts.graph_drawing import Drawing, draw_graph
from explorer.charts.graph_walks import draw_walks
from explorer.charts.numbers import format_number
from explorer.components.computation_graph import computation_graph
from explorer.components.live_sliders import Slider, live_sliders
from explorer.reruns import came_back, run_whole_page
from explorer.source_code import show_code
from explorer.study import Study
from gpt.scalar.difference import central_difference
from gpt.scalar.examples import EXAMPLES, TinyGPT
from gpt.scalar.expression import FUNCTIONS, MAXIMUM_MAGNITUDE, ExpressionError, Program, parse
from gpt.scalar.graph import Graph, build_graph
from gpt.scalar.paths import sum_over_paths
from gpt.scalar.value import Value, backward, computed_values
from gpt.scalar.walkthrough import naive_order, right_order

ABOUT_ORDER = ("Why the order matters", "Why depth first fails")  # shown with the naive order
FIRST_WEIGHT = "wte[0, 0]"  # of the tiny GPT, to turn until another is pinned
GPT_REMARK = (
    "A whole model: ⊢ opens and closes the name, ‖…‖ is the length of a vector of numbers, and ⊕"
    " unfolds a group; while it is folded, it is a single step of the pass."
)

LEAVES = "A leaf, in a blue box, is a number that is given: its slider turns it."

state = st.session_state
examples = {example.title: example for example in EXAMPLES}


def begin(title: str, numbers: Mapping[str, float] | None = None) -> None:
    """Set up an example, at its own numbers or at others."""
    state.example = title
    state.naive = title in ABOUT_ORDER
    if title in examples:
        state.text = examples[title].text
        numbers = {**examples[title].numbers, **(numbers or {})}
    restart(numbers or {})


def begin_chosen() -> None:
    if state.example:
        begin(state.example)


def restart(numbers: Mapping[str, float]) -> None:
    """The sliders take these numbers; nothing is pinned or unfolded."""
    state.numbers = dict(numbers)
    state.generation = state.get("generation", 0) + 1
    state.unfolded = frozenset()
    state.pinned = None
    state.step = None


def take_text() -> None:
    """What was typed takes the example's place.

    A number that the text itself gives to a name holds; other leaves keep the numbers they have.
    """
    state.example = None
    with suppress(ExpressionError):  # a slip of the keyboard resets nothing
        given = parse(state.text).initial
        restart({leaf: number for leaf, number in state.numbers.items() if leaf not in given})


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    view = read_address(st.query_params)
    if view is None:
        state.name, state.naive, state.primitive = View.name, False, False
        begin(EXAMPLES[0].title)
        return
    state.name, state.naive, state.primitive = view.name, view.is_naive, view.is_primitive
    if view.text is None:
        state.example = TINY_GPT
        state.text = EXAMPLES[0].text  # there once the GPT is left without another choice
    else:
        state.text = view.text
        titles = (title for title, example in examples.items() if example.text == view.text)
        state.example = next(titles, None)
    restart(view.numbers)
    state.unfolded, state.pinned, state.step = view.unfolded, view.pinned, view.step


def write_link(program: Program | TinyGPT) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    leaves = set(program.leaf_names)
    query = write_address(
        View(
            text=None if state.example == TINY_GPT else state.text,
            name=state.name,
            numbers={leaf: x for leaf, x in state.numbers.items() if leaf in leaves},
            is_naive=state.naive,
            is_primitive=state.primitive,
            unfolded=state.unfolded,
            pinned=state.pinned,
            step=state.step,
        )
    )
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def as_sentence(message: str) -> str:
    """An error's message as one to read, with a capital and true minus signs."""
    is_code = message.split("(")[0].split(" ")[0] in {*FUNCTIONS, *keyword.kwlist}
    begun = message if is_code else message[0].upper() + message[1:]
    return re.sub(r"(?<![a-z0-9])-(?=[0-9])", "−", begun) + "."


def mistake_in_line(error: ExpressionError, kept: str = "", *, is_in_text: bool = True) -> str:
    """What was wrong, where, what would be right; and of what the graph has `kept` the last.

    No higher than the line that it takes the place of, so that nothing moves. While it stands there
    what does not answer is pale: the graph, and with a mistake in the text the sliders as well.
    """
    place = html.escape(error.with_caret().rsplit("\n", 1)[0]) if error.text.strip() else ""
    sentence = as_sentence(error.message)
    if kept:
        sentence += f" The graph keeps the last {kept} that worked."
    return (
        f'<div class="gpt-mistake {"of-the-text" if is_in_text else ""}">'
        f"{place and f'<pre>{place}</pre>'}<p>{html.escape(sentence)}</p></div>"
    )


def text_height(text: str) -> int:
    """As high as the text, from one line to six."""
    return 44 + 24 * min(max(text.count("\n") + 1, 1), 6)


def read_program() -> Program | TinyGPT:
    """The program that is typed or chosen.

    Raises:
        ExpressionError: there is none.
    """
    if state.example != TINY_GPT:
        return parse(state.text)
    try:
        return TinyGPT(state.name.strip().lower())
    except ValueError as error:
        raise ExpressionError(str(error)) from None


def turnable_leaves(program: Program | TinyGPT) -> list[str]:
    """The leaves with a slider: all that were typed; of a GPT's hundreds, the pinned one."""
    if not isinstance(program, TinyGPT):
        return list(program.leaf_names)
    return [state.pinned if state.pinned in program.leaf_names else FIRST_WEIGHT]


def slider(leaf: str, number: float) -> Slider:
    reach = 1.0 if state.example == TINY_GPT else max(3.0, 2 * min(abs(number), MAXIMUM_MAGNITUDE))
    return Slider(leaf, number, min(-reach, number), max(reach, number))


def draw(study: Study, graph: Graph) -> Drawing:
    names = study.evaluation.names
    walks = draw_walks(study.order, graph, study.gradients, names=names, with_naive=state.naive)
    return draw_graph(
        graph,
        study.gradients,
        names=names,
        walks=walks,
        code=walks[0]["code"],
        pinned=state.pinned,
        step=state.step,
    )


@st.fragment
def live(program: Program | TinyGPT, mistake: ExpressionError | None) -> None:
    """What follows a leaf while it is dragged: the picture and the slope. Leaves a study behind.

    With a mistake in the text, `program` is the last one that worked.
    """
    if state.pop("is_begun", False):
        st.rerun()  # another program was begun from within
    leaves = turnable_leaves(program)
    numbers = {leaf: state.numbers.get(leaf, program.start(leaf)) for leaf in leaves}
    sliders = [slider(leaf, number) for leaf, number in numbers.items()]
    with st.container(key="sliders"):
        reading = live_sliders(sliders, key="leaves", generation=state.generation)
    note = st.container(key="note").empty()
    state.numbers |= reading.numbers
    study = Study(program, dict(state.numbers), state.primitive)
    wrong, kept = mistake, "expression"
    try:
        graph = build_graph(study.output, study.recording, state.unfolded)
    except ExpressionError as error:
        if "study" not in state:
            note.html(mistake_in_line(error, is_in_text=False))
            things_to_try()
            return
        # Nothing is lost: the sliders stay, and so does the graph at the last numbers that worked.
        if mistake is None:
            wrong, kept = error, "numbers" if state.study.program == program else "expression"
        study = state.study
        graph = build_graph(study.output, study.recording, state.unfolded)
    state.study, state.graph_shown = study, graph
    if wrong:
        note.html(mistake_in_line(wrong, kept, is_in_text=wrong is mistake))
    elif leaves:
        note.html(slope_in_words(study, focus(leaves)))
    with st.container(key="picture"):
        event = computation_graph(draw(study, graph), key="graph", height=620)
    if event.toggled:
        state.unfolded ^= {event.toggled}
        st.rerun()
    things_to_try()
    if shown := turnable_leaves(study.program):
        with st.container(key="slope"):
            show_slope(study, shown, focus(shown), key=f"focus {state.generation}")
    rest = (event.pinned, event.step)
    is_news = rest != (state.pinned, state.step) or (
        reading.is_resting and study.numbers != state.get("told")
    )
    state.pinned, state.step = rest
    if is_news:
        run_whole_page()


def slope_in_words(study: Study, leaf: str) -> str:
    moved = format_number(0.01 * study.gradient(leaf))
    return (
        f'<p class="gpt-caption">The gradient is the slope: turn <b>{leaf}</b> up by 0.01 and'
        f' the output moves by about <b class="gpt-backward">{moved}</b>.</p>'
    )


def show_rest(study: Study) -> None:
    """What follows when the hand is still, which takes longer."""
    state.told = study.numbers
    leaves = turnable_leaves(study.program)
    with st.container(key="rest"):
        if leaves:
            show_nudges(study, leaves, focus(leaves))
        if value := value_in_focus(study, state.graph_shown, leaves):
            show_paths(study, value)
        show_table(study)


def things_to_try() -> None:
    tries = {
        "Kill the neuron": ("One neuron", {"w2": -2.0}),
        "Fire too early": ("Why the order matters", {}),
        "Open up a GPT": (TINY_GPT, {}),
    }
    reasons = (
        "Below zero ReLU passes nothing on: not the number, not the gradient.",
        "Depth first, b hands on what it has before all of it has come: 2, where 4 is right.",
        "The same graph, grown to a whole model: unfold it down to a single number.",
    )
    for column, (label, choice), reason in zip(st.columns(3), tries.items(), reasons, strict=True):
        column.button(label, on_click=try_out, args=choice, width="stretch")
        column.html(f'<p class="gpt-caption">{reason}</p>')


def try_out(title: str, numbers: Mapping[str, float]) -> None:
    begin(title, numbers)
    state.is_begun = True


def focus(leaves: list[str]) -> str:
    """The leaf that is looked at: the pinned one, or the one chosen last."""
    if state.pinned and state.pinned.removeprefix("leaf ") in leaves:
        return state.pinned.removeprefix("leaf ")
    chosen = state.get(f"focus {state.generation}")
    return chosen if chosen in leaves else leaves[0]


def value_in_focus(study: Study, graph: Graph, leaves: list[str]) -> Value | None:
    """The value that is pinned, else the leaf that is looked at, if there is one."""
    node = graph.nodes.get(state.pinned or "")
    if node and node.value:
        return node.value
    return study.evaluation.leaves[focus(leaves)] if leaves else None


if "generation" not in state or came_back():
    read_link()

st.title("What does every number remember?")
st.pills(
    "Examples",
    [*examples, TINY_GPT],
    key="example",
    persist_state="session",
    on_change=begin_chosen,
    label_visibility="collapsed",
)
entry, switches = st.columns([8, 3], gap="large")
with entry:
    if state.example == TINY_GPT:
        st.text_input(
            "A name for the GPT to predict, letter by letter",
            key="name",
            max_chars=8,
            persist_state="session",
        )
    else:
        st.text_area(
            "Expression: + − * / **, exp, log, relu, tanh; a line may assign a name",
            key="text",
            persist_state="session",
            on_change=take_text,
            height=text_height(state.text),
        )
with switches:
    st.toggle(
        "Naive order too",
        key="naive",
        persist_state="session",
        help="Draws the graph twice: in the right order, and in the one that comes to mind first."
        " That goes depth first, and each node fires, or hands its gradient on, only once: on"
        " first arrival, though more of its gradient may be on the way.",
    )
    if state.example != TINY_GPT:
        st.toggle(
            "Primitives only",
            key="primitive",
            persist_state="session",
            help="Writes every operation out in the six that the others can be made of: add, mul,"
            " pow, log, exp and relu.",
        )
remark = examples[state.example].remark if state.example in examples else GPT_REMARK
st.html(
    f"""<p class="gpt-caption">{remark if state.example else ""}
    <span class="gpt-forward">Blue: numbers, computed forward.</span>
    <span class="gpt-backward">Orange: gradients, computed backward; how much the output moves when
    this number does. ×2 on an arrow: the slope of that one operation.</span>
    {LEAVES if state.example != TINY_GPT else ""}</p>"""
)
program: Program | TinyGPT | None
mistake: ExpressionError | None = None
try:
    program = read_program()
except ExpressionError as error:
    # A slip of the keyboard takes nothing away: the last study that worked stays in view.
    mistake, program = error, state.study.program if "study" in state else None
if program:
    live(program, mistake)
    write_link(program)
    if "study" in state:
        show_rest(state.study)
elif mistake:
    st.html(mistake_in_line(mistake))
    things_to_try()

show_code(backward, computed_values, right_order, naive_order, sum_over_paths, central_difference)
