"""How one attention weight came to be, in numbers and words, as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from explorer.charts.numbers import as_operand, format_number, format_signed
from explorer.charts.tokens import visible

Vector = npt.NDArray[np.floating]

TERMS_SHOWN = 6
EXACT = 6  # digits of what is raised to a power: by hand, too, it then comes to the same
KEYS_SHOWN = 6
PUSHED_SHOWN = 5


def chip(text: str) -> str:
    return f'<span class="gpt-token">{escape(visible(text))}</span>'


def product_steps(
    query: Vector,
    key: Vector,
    asking: str,
    asked: str,
    share: float,
    n_keys: int,
    total: float,
    *,
    is_last: bool = False,
) -> str:
    """From two vectors to one weight: the product term by term, the scale, and the softmax.

    `total` is the softmax's denominator, the sum of e^score over the keys.
    """
    terms = query * key
    order = np.argsort(-np.abs(terms))[:TERMS_SHOWN]
    rows = "".join(
        f"<tr><td>{channel}</td><td>{as_operand(float(query[channel]))}</td>"
        f"<td>{as_operand(float(key[channel]))}</td>"
        f"<td><b>{format_number(float(terms[channel]))}</b></td></tr>"
        for channel in order
    )
    rest = float(terms.sum() - terms[order].sum())
    keys = f"{n_keys} keys" if n_keys > 1 else "its only key"
    masked = "" if is_last else "; later ones are masked"
    dot, size = float(terms.sum()), len(query)
    score = dot / math.sqrt(size)
    return f"""<p class="gpt-caption">{chip(asking)} asks, {chip(asked)} is asked. Their products,
      largest first:</p>
      <div class="gpt-scroll"><table class="gpt-terms"><thead><tr><th>channel</th><th>query</th>
      <th>key</th><th>product</th></tr></thead><tbody>{rows}
      <tr><td></td><td colspan="2">the other {size - len(order)}</td>
      <td><b>{format_number(rest)}</b></td></tr></tbody></table></div>
      <ol class="gpt-chain">
      <li>q · k <b>{format_number(dot, EXACT)}</b></li>
      <li>÷ √{size} <b>{format_number(score, EXACT)}</b></li>
      <li>e<sup>{format_number(score, EXACT)}</sup> ÷ {format_number(total, EXACT)}
        <b class="gpt-forward">{share:.4f}</b></li></ol>
      <p class="gpt-caption">Divided by the sum of the like over {keys}{masked}: so all
      weights of {chip(asking)} add up to 1.</p>"""


def mixture(
    values: npt.NDArray[np.floating], shares: Vector, texts: Sequence[str], gathered: Vector
) -> str:
    """What the head gathers: a share of each key's value, the largest shares written out."""
    order = np.argsort(-shares)[:KEYS_SHOWN]
    rows = "".join(
        f"<tr><td>{chip(texts[key])}</td><td class='gpt-share'>"
        f"<i style='width:{100 * float(shares[key]):.1f}%'></i><b>{float(shares[key]):.4f}</b></td>"
        f"<td>{format_number(float(np.linalg.norm(values[key])), 3)}</td>"
        f"<td>{format_number(float(shares[key] * np.linalg.norm(values[key])), 3)}</td></tr>"
        for key in order
    )
    rest = float(shares.sum() - shares[order].sum())
    others = (
        f"<tr><td>others</td><td class='gpt-share'><i style='width:{100 * rest:.1f}%'></i>"
        f"<b>{rest:.4f}</b></td><td></td><td></td></tr>"
        if len(shares) > len(order)
        else ""
    )
    length = format_number(float(np.linalg.norm(gathered)), 3)
    return f"""<div class="gpt-scroll"><table class="gpt-terms"><thead><tr><th>key</th>
      <th>share</th><th>‖value‖</th><th>share · ‖value‖</th></tr></thead>
      <tbody>{rows}{others}</tbody></table></div>
      <p class="gpt-caption">Added up, a vector of length <b>{length}</b>.</p>"""


def pushes(changes: Vector, texts: Sequence[str]) -> str:
    """Which next tokens a head's write speaks for, and which against, in logits."""
    order = np.argsort(-changes)
    up = [place for place in order[:PUSHED_SHOWN] if changes[place] > 0]
    down = [place for place in order[::-1][:PUSHED_SHOWN] if changes[place] < 0]

    def row(place: int | None) -> str:
        if place is None:
            return "<td></td><td></td>"
        amount = format_signed(float(changes[place]))
        return f"<td>{chip(texts[place])}</td><td><b>{amount}</b></td>"

    rows = "".join(f"<tr>{row(a)}{row(b)}</tr>" for a, b in zip_longest(up, down))
    return f"""<div class="gpt-scroll"><table class="gpt-terms gpt-pushes"><thead><tr>
      <th colspan="2">for</th><th colspan="2">against</th></tr></thead>
      <tbody>{rows}</tbody></table></div>"""
