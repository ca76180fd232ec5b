"""One forward pass laid open: every activation by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from gpt.lens.anatomy import attention_layers
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.tap import Ablation

Derivation = Callable[[Mapping[str, Tensor]], Tensor]
"""Computes an activation from others."""


class NoSuchActivationError(KeyError):
    """An activation was asked for that this model does not compute. Says what it does."""

    def __str__(self) -> str:
        return str(self.args[0])


class Trace(Mapping[str, Tensor]):
    """Every activation of a forward pass, by name.

    Shapes are those of one sequence of T tokens; where a batch was read, a leading B is added to
    all but `embeddings.position`. H heads of D channels each, C channels of the residual stream:

        embeddings.token, .shifted      (T, C)     what each token is; with some of those before it
        embeddings.position             (T, C)     where it stands
        embeddings                      (T, C)     the sum, normalised if so configured
        blocks.0.residual_pre           (T, C)     the residual stream before the block,
        blocks.0.residual_mid           (T, C)     between attention and MLP,
        blocks.0.residual_post          (T, C)     and after the block
        blocks.0.ln_1, .ln_2            (T, C)     normalised, for attention and MLP to read
        blocks.0.attn.query, .key, .value  (H, T, D)
        blocks.0.attn.scores            (H, T, T)  q · k / √D
        blocks.0.attn.masked_scores     (H, T, T)  the same, the future at -∞
        blocks.0.attn.pattern           (H, T, T)  their softmax: rows are queries, columns keys
        blocks.0.attn.heads             (H, T, D)  the values that each head gathered
        blocks.0.attn.head_writes       (H, T, C)  what each head alone adds to the stream
        blocks.0.attn.output            (T, C)     what all together add, with the bias
        blocks.0.mlp.pre, .post         (T, 4 C)   before and after the nonlinearity
        blocks.0.mlp.output             (T, C)     what the MLP adds
        ln_f                            (T, C)     the last stream normalised
        logits, probabilities           (T, V)     of the token that follows each

    A model lower on the ladder has fewer of them. `head_writes` and `probabilities` follow from
    others and are computed when first asked for.

    Attributes:
        tokens: what was read, `(T,)` or `(B, T)`.
        n_layer: how many blocks the model has.
    """

    def __init__(
        self,
        tokens: Tensor,
        n_layer: int,
        activations: Mapping[str, Tensor],
        derivations: Mapping[str, Derivation],
    ) -> None:
        self.tokens = tokens
        self.n_layer = n_layer
        self._activations = dict(activations)
        self._derivations = dict(derivations)

    def __getitem__(self, name: str) -> Tensor:
        """Raises NoSuchActivationError if this model has none of that name."""
        if name not in self._activations:
            if name not in self._derivations:
                raise NoSuchActivationError(
                    f"This model computes no {name}, only {', '.join(sorted(self))}."
                )
            self._activations[name] = self._derivations[name](self)
        return self._activations[name]

    def __contains__(self, name: object) -> bool:
        return name in self._activations or name in self._derivations

    def __iter__(self) -> Iterator[str]:
        yield from self._activations
        yield from (name for name in self._derivations if name not in self._activations)

    def __len__(self) -> int:
        return len(self._activations.keys() | self._derivations.keys())

    def of_layers(self, part: str) -> Tensor:
        """An activation of every block, `(n_layer, ...)`, by its name within the block.

        Raises NoSuchActivationError if the blocks have none of that name, or there are no blocks.
        """
        if not self.n_layer:
            raise NoSuchActivationError(f"This model has no blocks, so it computes no {part}.")
        return self._stacked([f"blocks.{layer}.{part}" for layer in range(self.n_layer)])

    @property
    def patterns(self) -> Tensor:
        """Where every head looks, `(n_layer, H, T, T)`: row t are the weights of query t."""
        return self.of_layers("attn.pattern")

    @property
    def head_writes(self) -> Tensor:
        """What every head adds to the stream, `(n_layer, H, T, C)`."""
        return self.of_layers("attn.head_writes")

    @property
    def residual_stream(self) -> Tensor:
        """The stream before the first block and after each one, `(n_layer + 1, T, C)`."""
        after = [f"blocks.{layer}.residual_post" for layer in range(self.n_layer)]
        if not self.n_layer:
            raise NoSuchActivationError("This model has no blocks, so it has no residual stream.")
        return self._stacked(["embeddings", *after])

    @property
    def logits(self) -> Tensor:
        """How much speaks for each token as the next, `(T, V)`."""
        return self["logits"]

    @property
    def probabilities(self) -> Tensor:
        """How likely each token is the next, `(T, V)`."""
        return self["probabilities"]

    def _stacked(self, names: list[str]) -> Tensor:
        return torch.stack([self[name] for name in names], dim=self.tokens.dim() - 1)


@torch.no_grad()
def trace(
    model: LanguageModel, tokens: Sequence[int] | Tensor, *, ablate: Ablation | None = None
) -> Trace:
    """Reads tokens, `(T,)` or `(B, T)`, and keeps everything that is computed on the way.

    The logits are bit for bit those of a pass that keeps nothing.

    Args:
        model: what reads, without dropout.
        tokens: their ids; at least one, and no more than the block holds.
        ablate: activations to replace, as `LanguageModel.forward` takes it.

    Raises:
        ValueError: no tokens, too many, or an ablation that names nothing.
    """
    device = next(model.parameters()).device
    tokens = torch.as_tensor(tokens, dtype=torch.long, device=device)
    if tokens.shape[-1] == 0:
        raise ValueError("There is nothing to trace: a forward pass needs at least one token.")
    activations: dict[str, Tensor] = {}
    with model.evaluating():
        model(tokens if tokens.dim() == 2 else tokens[None], trace=activations, ablate=ablate)
    if tokens.dim() == 1:
        activations = {
            name: activation if name == "embeddings.position" else activation[0]
            for name, activation in activations.items()
        }
    if "embeddings.position" in activations:
        # Of all activations the one that is a piece of the weights, which may change after.
        activations["embeddings.position"] = activations["embeddings.position"].detach().clone()
    return Trace(tokens, model.config.n_blocks, activations, _derivations(model))


def derive_writes(attention: str, weight: Tensor) -> Derivation:
    """What each head adds to the stream, of the attention of that name with weights `(H, D, C)`."""
    return lambda t: t[f"{attention}.heads"] @ weight


def derive_probabilities(t: Mapping[str, Tensor]) -> Tensor:
    """The softmax of the logits."""
    return t["logits"].softmax(dim=-1)


def _derivations(model: LanguageModel) -> dict[str, Derivation]:
    derivations: dict[str, Derivation] = {"probabilities": derive_probabilities}
    for layer, attention in enumerate(attention_layers(model)):
        name = f"blocks.{layer}.attn"
        # A copy: the model may be filled with other weights before anybody asks.
        weight = attention.output_weight().detach().clone()
        derivations[f"{name}.head_writes"] = derive_writes(name, weight)
    return derivations
