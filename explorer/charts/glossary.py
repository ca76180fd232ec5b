"""What words mean that stand beside figures, in a sentence each: the one home of every explanation.

No sentence needs another, so that a page shows just those of the words that it uses.
"""

from __future__ import annotations

from collections.abc import Sequence

NATS = (
    "Nats: how surprised the model is by each token, on average; 0 is never, and lower is better."
)
PERPLEXITY = "Perplexity, e to that: as unsure as between so many tokens."
BITS_PER_CHARACTER = (
    "Bits per character: how surprised the model is by each character, on average, a bit being the"
    " toss of a coin; lower is better. To foresee where a document ends costs bits as well."
)
DIVERGENCE = (
    "KL(A ‖ B): by how much more B is surprised than A by what A would write; 0 where both predict"
    " the same."
)
SHORT_HEAD_NAMES = "L1H0 is layer 1, head 0, both counted from 0."

# By the names that `gpt.lens.heads` gives to what heads do.
HEAD_LABELS = {
    "induction": "Induction: where a token has come before, the head looks at what followed then.",
    "previous token": "Previous token: the head looks one token back.",
    "same token": "Same token: the head looks where its own token has come before.",
    "first token": "First token: the head rests on the first token, as those do that find nothing.",
}


def explain_labels(labels: Sequence[str], least: float) -> str:
    """What labels of heads mean; "" is none, for which `least` of a head's attention is needed."""
    meant = [
        words
        for name, words in HEAD_LABELS.items()
        if any(label.startswith(name) for label in labels)
    ]
    if any(labels):
        meant.append("The number is the share of its attention that goes there.")
    if not all(labels):
        meant.append(f"No label: nothing that has a name takes {least:.0%} of its attention.")
    return " ".join(meant)
