"""Guess the next character against the model."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from explorer.charts.guessing import scores_figure
from explorer.charts.tokens import chip, visible
from explorer.components.plot import plot
from explorer.controls import provide_corpus, show_mistake
from explorer.sampling.subject import Subject
from gpt.corpus.catalogue import CATALOGUE
from gpt.corpus.corpus import Corpus
from gpt.corpus.text import CorpusError
from gpt.corpus.tokenizer import CharTokenizer
from gpt.lens.guessing import (
    Passage,
    Round,
    draw_passage,
    mean_nats,
    model_shares,
    share_of,
)
from gpt.lens.opening import OpenedModel
from gpt.runs.config import RunError
from gpt.tensor.sampling import NotANumberError

SHOWN = 5  # of the model's own guesses
SURE = (0.1, 0.5, 0.9, 0.99)  # for which it is said beforehand what a guess scores

state = st.session_state


@dataclass
class Game:
    """What was guessed so far.

    Attributes:
        opened: the model that the reader plays against, as it was when the game began.
        rng: draws the passages.
        passage: the text that is being guessed.
        place: of the token that is asked for.
        rounds: that were played, also in earlier passages.
        told: what came of the last guess, as HTML.
        mistake: what was wrong with one that could not be played; the last answer stays.
    """

    opened: OpenedModel
    rng: random.Random
    passage: Passage
    place: int
    rounds: list[Round] = field(default_factory=list)
    told: str = ""
    mistake: str = ""


def show_guessing(subject: Subject) -> None:
    """The passage so far, the guess, what came, and both scores."""
    st.header("Can you do better?", anchor="guess")
    st.html(
        '<p class="gpt-caption">You and the model read the same text and guess how it goes on. Name'
        " a character, or several, and how sure you are that it is one of them; what is left is"
        " spread over all others. The score is −ln of the share that you gave to what came, in"
        " nats: the loss that the model was trained on, so the lower the better. Saying what you"
        " believe scores best; on a sure mistake it is dear.</p>"
    )
    corpus = corpus_of(subject)
    if corpus is None:
        return
    try:
        game = game_of(subject, corpus)
    except ValueError as error:
        show_mistake(str(error))
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        show_round(game, corpus)
    with right:
        rounds = game.rounds
        plot(
            scores_figure(rounds, subject.opened.tokenizer.vocab_size),
            key="guessing scores",
            height=300,
            alt=scores_told(rounds),
        )
        offer_newer(subject, game, corpus)


def corpus_of(subject: Subject) -> Corpus | None:
    """The text of the run; where it is missing, what it takes to have it."""
    reference = subject.summary.config.corpus
    if not reference.is_own and reference.name in CATALOGUE:
        return provide_corpus(reference.name)
    try:
        return subject.summary.run.corpus()
    except (RunError, CorpusError) as error:
        show_mistake(str(error))
        return None


def game_of(subject: Subject, corpus: Corpus) -> Game:
    """The game against this run, begun if need be.

    It stays with the checkpoint of its first guess, also when the run has trained on since.
    """
    games: dict[str, Game] = state.setdefault("sampling games", {})
    game = games.get(subject.summary.run.name)
    if game is None or (game.opened.step != subject.step and not game.rounds):
        begin_game(subject, corpus)
    return games[subject.summary.run.name]


def begin_game(subject: Subject, corpus: Corpus) -> None:
    """A game against the model that is chosen above. Raises UnknownCharacterError."""
    rng = random.Random(subject.seed)
    passage = draw_passage(corpus, subject.opened.tokenizer, rng)
    game = Game(subject.opened, rng, passage, passage.first)
    state["sampling games"][subject.summary.run.name] = game


def offer_newer(subject: Subject, game: Game, corpus: Corpus) -> None:
    """Where the model above is not the one of the game: which is which, and a game against it."""
    if game.opened.step == subject.step:
        return
    st.html(
        '<p class="gpt-caption">You play against the model as it was after step'
        f" {game.opened.step:,}, with which this game began; above it is that after step"
        f" {subject.step:,}.</p>"
    )
    st.button(
        f"Begin anew against step {subject.step:,}",
        icon=":material/replay:",
        on_click=begin_game,
        args=(subject, corpus),
    )


def show_round(game: Game, corpus: Corpus) -> None:
    """The text up to here, and the form of the guess."""
    tokenizer = game.opened.tokenizer
    read = tokenizer.decode(game.passage.tokens[: game.place])
    given = tokenizer.decode(game.passage.tokens[: game.passage.first])
    guessed = read[len(given) :]
    source = "that the model has never seen" if game.passage.is_held_out else "it has learnt"
    st.html(
        f'<p class="gpt-sample gpt-passage"><i>{escape(given)}</i>{escape(guessed)}'
        f'<b>?</b></p><p class="gpt-caption">A text {source}.</p>'
    )
    with st.form("guess", clear_on_submit=True, border=False):
        what, how_sure, go = st.columns([3, 4, 3], vertical_alignment="bottom", gap="medium")
        with what:
            st.text_input(
                "Your guess",
                key="guess typed",
                placeholder="e, or aei",
                help="A blank may be typed as ·, a line break as ↵, the end of a document as ⊢.",
            )
        with how_sure:
            st.slider("How sure, in percent?", 1, 99, 50, key="guess percent")
        with go:
            st.form_submit_button(
                "Guess",
                type="primary",
                width="stretch",
                on_click=take_guess,
                args=(game, corpus),
            )
    if not (game.told or game.mistake):
        st.html(f'<div class="gpt-told">{worth_told(tokenizer.vocab_size)}</div>')
        return
    # An alert, for only those are read out although each answer is a new element of the page.
    mistake = f'<p class="gpt-backward">{game.mistake}</p>' if game.mistake else ""
    answer = game.told or worth_told(tokenizer.vocab_size)
    st.html(f'<div class="gpt-told" role="alert">{mistake}{answer}</div>')


def worth_told(vocab_size: int) -> str:
    """What a guess of one token scores, before there is any, as HTML."""
    scores = {
        title: [-math.log(share_of(token, {0}, sure, vocab_size)) for sure in SURE]
        for token, title in enumerate(("right", "wrong"))
    }
    head = "".join(f'<th scope="col">{sure:.0%}</th>' for sure in SURE)
    rows = "".join(
        f'<tr><th scope="row">{title}</th>{"".join(f"<td>{each:.3f}</td>" for each in row)}</tr>'
        for title, row in scores.items()
    )
    return (
        f"<table><caption>What naming one of {vocab_size:,} scores, in nats</caption>"
        f'<thead><tr><th scope="row">how sure</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def take_guess(game: Game, corpus: Corpus) -> None:
    """What was typed, played; or a sentence on what would be right."""
    guesses = read_guesses(game.opened, state["guess typed"])
    game.mistake = ""
    if not guesses:
        game.mistake = "Type at least one character that this model knows."
        return
    try:
        play(game, corpus, guesses, state["guess percent"] / 100)
    except NotANumberError as error:
        game.mistake = str(error)


def read_guesses(opened: OpenedModel, typed: str) -> set[int]:
    """The tokens that were named: every character, or of longer tokens the first."""
    tokenizer = opened.tokenizer
    signs = {"·": " ", "↵": "\n"}
    found: set[int] = set()
    if "⊢" in typed and tokenizer.bos is not None:
        found.add(tokenizer.bos)
    pieces = list(typed) if isinstance(tokenizer, CharTokenizer) else [typed]
    for piece in pieces:
        text = "".join(signs.get(each, each) for each in piece.replace("⊢", ""))
        try:
            found.update(tokenizer.encode(text)[:1])
        except ValueError:
            continue  # no model could have meant it
    return found


def play(game: Game, corpus: Corpus, guesses: set[int], confidence: float) -> None:
    """Score one guess, and go on to the next token, or passage. Raises NotANumberError."""
    tokenizer = game.opened.tokenizer
    token = game.passage.tokens[game.place]
    shares = model_shares(game.opened, game.passage.tokens[: game.place])
    if shares.isnan().any():
        raise NotANumberError
    played = Round(
        token,
        share_of(token, guesses, confidence, tokenizer.vocab_size),
        shares[token].item(),
    )
    game.rounds.append(played)
    best = shares.topk(min(SHOWN, len(shares)))
    thought = " ".join(
        chip(tokenizer.decode([each]), note=f" {share:.0%}")
        for share, each in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )
    game.told = (
        f"<p>{verdict(game.opened, token, guesses)}</p>"
        f"<p>You gave it {played.reader:.1%}: <b>{-math.log(played.reader):.3f}</b> nats."
        f" The model gave it {played.model:.1%}: <b>{-math.log(played.model):.3f}</b> nats.</p>"
        f"<p>{totals(game.rounds)}</p><p>The model had thought: {thought}</p>"
    )
    game.place += 1
    if game.place >= len(game.passage.tokens):
        whole = visible(tokenizer.decode(game.passage.tokens))
        game.told += f"<p>That was all of {escape(whole)}: here is another.</p>"
        game.passage = draw_passage(corpus, tokenizer, game.rng)
        game.place = game.passage.first


def verdict(opened: OpenedModel, token: int, guesses: set[int]) -> str:
    """Whether the guess was right, and what was, as HTML."""
    decode = opened.tokenizer.decode
    it_was = f"it was {chip(decode([token]))}"
    if token not in guesses:
        return f"<b>Wrong:</b> {it_was}."
    others = f", one of your {len(guesses)}" if len(guesses) > 1 else ""
    return f"<b>Right:</b> {it_was}{others}."


def totals(rounds: Sequence[Round]) -> str:
    """Both scores so far and who leads, in a sentence."""
    count = len(rounds)
    # Rounded before they are compared, so that the sentence adds up.
    mine = round(count * mean_nats([each.reader for each in rounds]), 3)
    models = round(count * mean_nats([each.model for each in rounds]), 3)
    if mine == models:
        lead = "neither leads"
    else:
        lead = f"{'you lead' if mine < models else 'the model leads'} by {abs(mine - models):.3f}"
    return (
        f"After {guesses_told(count)}: you {mine:.3f} nats in all, the model {models:.3f}; {lead}."
    )


def scores_told(rounds: Sequence[Round]) -> str:
    """Both means in a sentence."""
    if not rounds:
        return "No guess yet"
    mine = mean_nats([each.reader for each in rounds])
    models = mean_nats([each.model for each in rounds])
    return (
        f"Mean score after {guesses_told(len(rounds))}: you {mine:.3f} nats, the model {models:.3f}"
    )


def guesses_told(count: int) -> str:
    return "1 guess" if count == 1 else f"{count} guesses"
