"""The Compare page without a browser, mostly on the runs that ship."""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from time import sleep

import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from explorer.background import Outcome
from explorer.charts.glossary import DIVERGENCE, HEAD_LABELS, NATS, SHORT_HEAD_NAMES
from explorer.compare.heads import PAIR_HEIGHT
from explorer.compare.losses import SideLosses, measure_loss
from explorer.compare.verdict import Verdict
from explorer.compare.verdict import words as verdict_words
from explorer.models import model_at
from gpt.corpus.catalogue import load_corpus
from gpt.lens.comparison import head_distances
from gpt.runs.comparison import spread_of, standard_error, validation_loss_at
from gpt.runs.data import encode_streams
from gpt.runs.demos import list_demos
from gpt.runs.library import create_run, find_run, runs_folder
from gpt.runs.outside import adopt_model
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt2_layout import weights_to_gpt2
from gpt.tensor.models import build_model
from gpt.tensor.weights import export_weights
from tests.pages import opening
from tests.pages.opening import html, words

COPIED = "srti=euhwqkpm=euhwqkpm"
FAMILIES = ("small", "wide")
TINY = {
    "steps": 8,
    "evaluation_interval": 4,
    "evaluation_windows": 4,
    "batch_size": 4,
    "n_layer": 1,
    "n_head": 2,
    "n_embd": 8,
    "block_size": 8,
    "checkpoints": 3,
    "sample_interval": None,
    "inspection_interval": None,
}


def open_page(**query: str) -> AppTest:
    return settled(opening.open_page("compare", **query))


def settled(app: AppTest) -> AppTest:
    """The page as it is when every loss has been measured."""
    for _ in range(100):
        if "Reading text that was held out" not in html(app):
            return app
        sleep(0.1)
        app.run()
    raise AssertionError("it goes on reading")


def train(title: str, seed: int, corpus: str = "names", **changes: object) -> Run:
    text = load_corpus(corpus)
    config = configure(PRESETS["gpt-small"], text, {**TINY, "seed": seed, **changes}, title=title)
    run = create_run(config, text)
    assert train_run(run).state == "finished"
    return run


def last_loss(name: str) -> float:
    lines = (runs_folder() / name / "metrics.jsonl").read_text().splitlines()
    return float(json.loads(lines[-1])["validation_loss"])


def adopt(folder: Path) -> Run:
    """A model as nanoGPT leaves it, of letters, without the mark of the beginning."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    config = GPTConfig(len(letters), block_size=8, n_layer=1, n_head=2, n_embd=8)
    model = build_model(config, torch.Generator().manual_seed(3))
    weights = {
        name: (w.T if ".c_" in name else w).contiguous().clone()
        for name, w in weights_to_gpt2(export_weights(model), config).items()
        if not name.endswith("bias")
    }
    folder.mkdir()
    save_file(weights, folder / "ckpt.safetensors")
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 8, "block_size": 8, "bias": False}
    (folder / "config.json").write_text(json.dumps({"model_args": shape}))
    (folder / "meta.json").write_text(json.dumps({"stoi": {c: i for i, c in enumerate(letters)}}))
    return adopt_model(str(folder / "ckpt.safetensors"), "theirs")


def heights_kept(block: Block) -> list[int]:
    """Of the containers that are as high as they are told to be."""
    inside = [each for each in block.children.values() if isinstance(each, Block)]
    told = [each.proto for each in inside if hasattr(each.proto, "height_config")]
    return [
        *(proto.height_config.pixel_height for proto in told),
        *(height for each in inside for height in heights_kept(each)),
    ]


def test_two_moments_of_a_run_differ_by_what_was_learnt_between_them() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    said = html(app)
    summary = next(each for each in list_demos().runs if each.run.name == "copy")
    assert app.title[0].value == "What makes the difference?"
    losses = [measure_loss(summary, step) for step in (132, 298)]
    assert losses[0] > 0.8 > 0.05 > losses[1]
    assert f"<b>B</b> predicts better, by <b>{losses[0] - losses[1]:.4f}</b> nats" in said
    assert f"<td>−{losses[0] - losses[1]:.4f}</td>" in said, "B − A"
    assert "so much have the steps between them changed" in said
    assert "Nothing: it is one run at two moments" in said
    before, after = (model_at(summary.run, step) for step in (132, 298))
    traces = [
        each.trace(each.encode(COPIED).tokens).patterns.flatten(0, 1) for each in (before, after)
    ]
    distances = head_distances(*traces)
    assert f"{distances[3, 3]:.4f}</b>" in said, "at first, the place where most has changed"
    assert int(torch.argmax(distances.diagonal())) == 3


def test_a_link_is_taken_up_and_written() -> None:
    query = {
        **{"a": "copy", "a_step": "0", "b": "copy", "b_step": "1000"},
        **{"text": COPIED, "seed": "7", "pair": "2~3"},
    }
    app = open_page(**query)
    assert {name: app.query_params[name] for name in query} == query
    assert "A, layer 1, head 0" in html(app)
    assert "B, layer 1, head 1" in html(app)
    assert not any("In the link" in each.value for each in app.markdown)


def test_nonsense_in_a_link_is_told_and_spoils_nothing_else() -> None:
    nonsense = {"a_step": "5", "seed": "-1", "pair": "8~9"}
    app = open_page(a="copy", b="copy", b_step="1000", text=COPIED, **nonsense)
    (told,) = (each.value for each in app.markdown if "In the link" in each.value)
    assert "In the link, seed is “\\-1”, which is not here. Shown is “1337”." in told
    assert "In the link, pair is “8\\~9”, which is not here. It is left out." in told
    assert told.count("In the link") == len(nonsense)
    assert app.text_area(key="compare text").value == COPIED


def test_a_first_visit_has_something_to_compare_and_to_try() -> None:
    app = open_page()
    assert app.selectbox(key="compare run A").value == app.selectbox(key="compare run B").value
    early, last = (int(str(app.query_params[name])) for name in ("a_step", "b_step"))
    assert early < last
    next(b for b in app.button if b.label == "A beginner and a playwright").click()
    settled(app.run())
    assert not app.exception
    assert app.query_params["a"] == "shakespeare"
    assert app.query_params["a_step"] == "66"
    assert "what each wrote" in html(app)


def test_a_seed_that_is_none_is_told_and_leaves_the_seed() -> None:
    app = open_page(a="copy", b="copy", seed="7")
    for typed, named in ((12.7, "12.7"), (-1, "−1"), (3e9, "3,000,000,000")):
        app.number_input(key="compare seed").set_value(typed)
        settled(app.run())
        told = f"There is no seed {named}: seeds are whole numbers from 0 to 2,147,483,647."
        assert f"{told} Taken is 7." in words(app)
        assert app.number_input(key="compare seed").value == typed
        assert app.query_params["seed"] == "7"
    app.number_input(key="compare seed").set_value(12)
    settled(app.run())
    assert "There is no seed" not in words(app)
    assert app.query_params["seed"] == "12"


def test_another_run_brings_a_text_that_both_can_read() -> None:
    app = open_page(a="copy", b="copy", text=COPIED)
    app.selectbox(key="compare run A").set_value("shakespeare")
    app.selectbox(key="compare run B").set_value("shakespeare").run()
    assert "unknown" not in " ".join(each.value for each in app.markdown)
    assert app.text_area(key="compare text").value not in ("", COPIED)


def test_seeds_say_how_much_is_luck() -> None:
    for seed in (1, 2):
        train(f"Small {seed}", seed)
        train(f"Wide {seed}", seed, n_embd=16)
    app = open_page(a="small-1", a_step="8", b="wide-1", b_step="8")
    said = html(app)
    losses = {name: last_loss(name) for name in ("small-1", "small-2", "wide-1", "wide-2")}
    small, wide = (spread_of([losses[f"{name}-{seed}"] for seed in (1, 2)]) for name in FAMILIES)
    error = standard_error(small, wide)
    assert error is not None
    ratio = abs(small.mean - wide.mean) / error
    judged = "hardly luck" if ratio >= 2 else "may well be luck"
    lower = "A" if small.mean < wide.mean else "B"
    assert (
        f"Each configuration by its mean over seeds (2 seeds of A's, 2 of B's): <b>{lower}</b>'s"
        f" mean is lower by <b>{abs(small.mean - wide.mean):.4f}</b> nats per token,"
        f" <b>{ratio:.1f}</b> standard errors: {judged}."
    ) in said
    assert f"{small.mean:.4f}<small>± {small.deviation:.4f}, 2 seeds</small>" in said
    assert "the mean over seeds<small>± sample standard deviation</small>" in said
    assert '<tr class="gpt-differs"><th scope="row">n_embd</th><td>8</td><td>16</td>' in said

    next(b for b in app.button if b.label == "Switch each part off, in both").click()
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert table["part"].tolist() == ["layer 0, head 0", "layer 0, head 1", "layer 0, MLP"]
    assert (table["A: loss without"] - table["A: it costs"]).round(5).nunique() == 1


def test_two_seeds_of_one_configuration_differ_by_luck() -> None:
    for seed in (1, 2):
        train(f"Small {seed}", seed)
    train("Wide 1", 1, n_embd=16)
    losses = [last_loss(name) for name in ("small-1", "small-2")]
    lower, gap = ("A" if losses[0] < losses[1] else "B"), abs(losses[0] - losses[1])
    said = html(open_page(a="small-1", a_step="8", b="small-2", b_step="8"))
    assert (
        f"These are two seeds of one configuration: <b>{lower}</b>'s loss is lower by"
        f" <b>{gap:.4f}</b> nats per token. That is luck of the seed: over its 2 seeds the losses"
        f" spread by <b>± {gap / 2**0.5:.4f}</b>, a sample standard deviation."
    ) in said
    said = html(open_page(a="small-1", a_step="8", b="wide-1", b_step="8"))
    assert "B has one seed: its spread is taken to be that of A's." in said


def test_longer_training_is_not_the_luck_of_one() -> None:
    train("Short", 1)
    train("Long", 1, steps=16)
    said = html(open_page(a="short", a_step="8", b="long", b_step="16"))
    assert "Only how long they train parts them" in said
    assert "luck is not known" not in said


def test_that_no_setting_differs_is_said() -> None:
    train("Once", 1)
    train("Twice", 1)
    train("Otherwise", 2)
    said = "Nothing: not one setting differs, the seed included."
    assert said in html(open_page(a="once", b="twice"))
    assert said not in html(open_page(a="once", b="otherwise"))


def test_losses_of_different_tokens_are_compared_in_bits_per_character() -> None:
    runs = [train("Letters", 1), train("Pairs", 1, tokenizer="bpe", vocab_size=60)]
    bits = []
    for run in runs:
        characters = encode_streams(run.corpus(), run.config().tokenizer).characters_per_token
        bits.append(last_loss(run.path.name) / (log(2) * characters))
    app = open_page(a="letters", a_step="8", b="pairs", b_step="8", text="anna")
    said = html(app)
    lower = "A" if bits[0] < bits[1] else "B"
    assert (
        f"<b>{lower}</b> predicts better, by <b>{abs(bits[0] - bits[1]):.4f}</b> bits per character"
    ) in said
    assert f"{bits[0]:.4f}<small></small></td><td>{bits[1]:.4f}" in said
    assert "nats per token</th>" not in said
    assert "the same number draws different ones" in said


def test_losses_on_different_texts_are_not_subtracted() -> None:
    train("Names", 1)
    said = html(open_page(a="names", b="copy", text="anna"))
    assert "They have learnt different texts" in said
    assert "<td>–<small>each on its own text</small></td>" in said


def test_a_model_from_outside_has_no_training_to_show(tmp_path: Path) -> None:
    adopt(tmp_path / "theirs")
    train("Names", 1)
    app = open_page(a="theirs", b="names", text="anna")
    said = html(app)
    assert "Of A no training is known: it came from outside as it is." in said
    assert "Dashed: what can be had without a GPT on the text of Names." in said
    assert "A: theirs, as adopted" in said
    assert "A has no text held out: it came from outside" in said
    (button,) = (b for b in app.button if b.label == "Switch each part off, in both")
    assert button.disabled
    assert "Both cut this text alike, but B alone reads the mark of the beginning" in said


def test_a_text_that_cannot_be_read_leaves_the_rest_of_the_page() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    app.text_area(key="compare text").set_value("ÄÖ").run()
    said = html(app)
    assert any("A, Copying what came before, cannot read" in m.value for m in app.markdown)
    assert "<b>B</b> predicts better, by" in said
    assert "Heads are held against each other on a text that both can read." in said
    assert "Both write on from a text that both can read." in said
    assert any(b.label == "A beginner and a playwright" for b in app.button)
    assert app.query_params["text"] == "ÄÖ"
    next(b for b in app.button if b.label == "Take a text that both can read").click()
    app.run()
    assert "A, layer" in html(app)
    assert app.text_area(key="compare text").value not in ("", "ÄÖ")
    opening.press(app, "Give it back")
    assert app.text_area(key="compare text").value == "ÄÖ"


def test_what_cannot_be_read_is_left_out_only_on_demand_and_given_back() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    app.text_area(key="compare text").set_value("ROMEO srt").run()
    opening.press(app, "Leave out what cannot be read")
    assert app.text_area(key="compare text").value == "srt"
    assert "“ROMEO srt” cannot be read by both of these" in html(app)
    opening.press(app, "Give it back")
    assert app.text_area(key="compare text").value == "ROMEO srt"


def test_a_text_that_gave_way_comes_back_with_runs_that_can_read_it() -> None:
    app = open_page(a="shakespeare", b="shakespeare", text="O, Romeo")
    app.selectbox(key="compare run B").set_value("copy").run()
    app.selectbox(key="compare run A").set_value("copy").run()
    assert app.text_area(key="compare text").value != "O, Romeo"
    assert "“O, Romeo” cannot be read by both of these" in html(app)
    for side in "AB":
        app.selectbox(key=f"compare run {side}").set_value("shakespeare").run()
    assert app.text_area(key="compare text").value == "O, Romeo"


def test_words_are_explained_where_they_are_used() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED, pair="3~3")
    said = " ".join(html(app).split())
    assert NATS in said and DIVERGENCE in said and SHORT_HEAD_NAMES in said
    assert "B, layer 1, head 1: induction" in said
    assert HEAD_LABELS["induction"] in said
    assert HEAD_LABELS["same token"] not in said
    assert "No label: nothing that has a name takes 40% of its attention." in said


def test_the_sign_of_the_end_is_explained_only_where_it_stands() -> None:
    assert "⊢ is where one ends" in html(open_page(a="copy", b="copy", text=COPIED))
    assert "⊢" not in html(open_page(a="shakespeare", b="shakespeare", text="O, Romeo"))


def test_another_loss_of_the_same_model_says_why_it_is_another() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    opening.press(app, "Switch each part off, in both")
    said = html(app)
    assert said.count("tokens of copy that were held out") == 1
    assert "The validation loss in the table on top is another number for the same" in said


def test_an_empty_text_is_the_mark_of_the_beginning_where_there_is_one() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    app.text_area(key="compare text").set_value("").run()
    assert not app.exception
    assert "<b>B</b> predicts better, by" in html(app)
    assert "Heads look at a text: type one above." in html(app)
    assert max(heights_kept(app.main)) > PAIR_HEIGHT, "what stands below has not moved up"
    assert "loss on the text, nats per token" in html(app)
    assert "places" not in html(app), "there is nothing yet that either could have guessed"


def test_a_long_text_is_read_from_where_it_fits_both() -> None:
    train("Short", 1)
    train("Long", 1, block_size=32)
    said = html(open_page(a="short", b="long", text="a" * 20))
    assert (
        "Of the 21 tokens of this text both read the last 8: more do not fit the shorter block."
        in said
    )
    assert "A, layer 0, head" in said, "the heads of both are compared on these"


def test_different_tokens_are_not_compared_place_by_place() -> None:
    train("Pairs", 1, tokenizer="bpe", vocab_size=60)
    said = html(open_page(a="copy", b="pairs", text="annabel"))
    assert "The two cut this text into different tokens" in said
    app = open_page(a="shakespeare", a_step="66", b="shakespeare")
    said = html(app)
    assert "Of A no loss can be measured on text held out: " in said, "the text is not there"
    assert said.count("Tiny Shakespeare is not on this machine") == 1
    assert "Neither has text held out, as is told under the table on top." in said
    assert "On the text above <b>B</b> predicts better, by <b>" in said
    assert "loss on the text, nats per token" in said


def test_a_text_that_is_missing_for_both_is_told_once() -> None:
    missing = SideLosses(Outcome(None, "it is not here."), None)
    verdict = Verdict("nats", [missing, missing], None, [None, None], None, [None, None], [1, 1])
    said = verdict_words(verdict)
    assert said.endswith("Of A and B no loss can be measured on text held out: it is not here.")


def test_another_run_that_cannot_read_the_text_gets_another_and_the_page_says_so() -> None:
    app = open_page(a="copy", b="copy")
    first = app.text_area(key="compare text").value
    app.selectbox(key="compare run B").set_value("shakespeare").run()
    assert app.text_area(key="compare text").value == first.replace("=", "")
    said = html(app)
    assert f"“{first}” cannot be read by both of these: another text has taken its place" in said
    said = html(settled(app))
    assert "They have learnt different texts, and each is tested on its own" in said
    loss = validation_loss_at(find_run("shakespeare"), 2000)
    assert loss is not None
    assert f"<td>{loss / log(2):.4f}<small>" in said, "known in bits though its text is not here"


def test_without_a_validation_loss_only_the_text_tells() -> None:
    train("Never tested", 1, corpus="eight-names")
    said = html(open_page(a="never-tested", b="copy", text="aaa"))
    assert "Of A no loss can be measured on text held out: " in said
    assert "On the text above <b>" in said


def test_the_training_page_leads_here_with_both_its_runs() -> None:
    train("One", 1)
    train("Other", 1, n_embd=16)
    open_page(a="one", b="other", text="anna")  # measures the losses
    app = opening.open_page("training", **{"run": "one", "with": "other"})
    opening.press(app, "Hold the first two against each other")
    chosen = {name: app.query_params[name] for name in ("a", "b", "a_step", "b_step")}
    assert chosen == {"a": "one", "b": "other", "a_step": "8", "b_step": "8"}
    assert "predicts better, by" in html(app)
