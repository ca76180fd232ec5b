"""The figures of the ladder, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.charts.ladder import (
    Stair,
    agreement_figure,
    arcs_figure,
    bigram_figure,
    next_token_figure,
    staircase_figure,
)

PATTERN = np.array([[1.0, 0, 0], [0.4, 0.6, 0], [0.2, 0.3, 0.5]])


def test_a_causal_graph_has_an_arc_for_every_pair_of_the_past() -> None:
    figure = arcs_figure(["a", "b", "c"], PATTERN, 2, is_causal=True)
    *arcs, nodes = figure.data
    assert [arc.text for arc in arcs[-2:]] == ["c takes 0.200 from a", "c takes 0.300 from b"]
    assert len(arcs) == 3
    assert [arc.y[len(arc.y) // 2] > 0 for arc in arcs] == [True] * 3
    np.testing.assert_allclose(nodes.customdata, [1, 0.6, 0.5], rtol=1e-6)


def test_an_encoder_s_graph_has_arcs_from_the_future_below_the_row() -> None:
    figure = arcs_figure(["a", "b", "c"], np.full((3, 3), 1 / 3), 0, is_causal=False)
    *arcs, _ = figure.data
    assert len(arcs) == 6
    assert all(arc.y[len(arc.y) // 2] < 0 for arc in arcs[-2:])


def test_a_table_shows_its_shares_and_frames_the_chosen_row() -> None:
    figure = bigram_figure(np.array([[0.25, 0.75], [1.0, 0.0]]), ["a", "\n"], 1)
    (heatmap,) = figure.data
    np.testing.assert_allclose(heatmap.customdata, [[0.25, 0.75], [1, 0]])
    np.testing.assert_allclose(heatmap.z, np.sqrt([[0.25, 0.75], [1, 0]]), rtol=1e-6)
    assert heatmap.text[0][1] == "↵ after a"
    assert figure.layout.shapes[0].y0 == 0.5


def test_what_follows_is_ordered_by_what_was_counted() -> None:
    learnt, counted = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.6, 0.3])
    bars, lines = next_token_figure(learnt, counted, ["a", "b", "c"]).data
    assert list(bars.text) == ["b", "c", "a"]
    np.testing.assert_allclose(bars.y, [0.2, 0.3, 0.5], rtol=1e-6)
    np.testing.assert_allclose(lines.y, [0.6, 0.3, 0.1], rtol=1e-6)


def test_the_staircase_leaves_a_gap_where_nothing_was_trained() -> None:
    stairs = [
        Stair("bigram", "A table", 2.49, 2.48, 3, 3),
        Stair("single-head", "One head", 2.4084, None),
    ]
    lecture, here = staircase_figure(stairs, 0).data
    assert list(lecture.y) == [2.49, 2.4084]
    assert list(here.y) == [2.48, None]
    assert list(here.text) == ["2.480", ""]


def test_the_legend_names_nothing_that_is_not_drawn() -> None:
    (here,) = staircase_figure([Stair("bigram", "A table", None, 2.5, 30, 30, 20)], 0).data
    assert here.showlegend
    assert "at step 20" in here.customdata[0]
    (here,) = staircase_figure([Stair("bigram", "A table", None, None)], 0).data
    assert not here.showlegend


def test_gradients_found_twice_lie_on_the_diagonal() -> None:
    gradient = np.array([[0.5, -1.0]])
    diagonal, points = agreement_figure({"wte": (gradient, gradient)}).data
    np.testing.assert_array_equal(points.x, points.y)
    assert max(diagonal.x) == pytest.approx(1.05)


def test_matrices_of_one_part_share_a_mark_and_the_smallest_gradients_lie_on_top() -> None:
    names = ("layer0.attn_wq", "wte", "layer1.attn_wo", "wpe", "layer0.mlp_fc1", "lm_head")
    sizes = (0.1, 0.9, 0.2, 0.8, 0.3, 0.7)
    gradients = {name: (np.array([[s]]),) * 2 for name, s in zip(names, sizes, strict=True)}
    _, *points = agreement_figure(gradients).data
    assert [(each.name, each.showlegend) for each in points] == [
        ("embeddings", True),
        ("embeddings", False),
        ("lm_head", True),
        ("MLP", True),
        ("attention", True),
        ("attention", False),
    ]
    marks = {(each.name, each.marker.color, each.marker.symbol) for each in points}
    assert len(marks) == len({colour for _, colour, _ in marks}) == 4
