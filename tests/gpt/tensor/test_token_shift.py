import torch

from gpt.tensor.cache import RecentTokens
from gpt.tensor.token_shift import TokenShift


def test_each_token_gets_its_share_of_those_before_it() -> None:
    shift = TokenShift(n_embd=2, reach=2)
    shift.share.data = torch.tensor([[10.0, 0.0], [100.0, 0.5]])
    x = torch.tensor([[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]])
    expected = [[1, 1], [2 + 10 * 1, 2], [3 + 10 * 2 + 100 * 1, 3 + 0.5 * 1]]
    assert shift(x, None)[0].tolist() == expected


def test_it_starts_as_nothing(generator: torch.Generator) -> None:
    x = torch.randn(2, 5, 4, generator=generator)
    assert torch.equal(TokenShift(n_embd=4, reach=3)(x, None), x)


def test_piece_by_piece_it_reaches_back_over_the_cuts(generator: torch.Generator) -> None:
    shift = TokenShift(n_embd=4, reach=3)
    torch.nn.init.normal_(shift.share, generator=generator)
    x = torch.randn(2, 7, 4, generator=generator)
    recent = RecentTokens()
    pieces = [shift(x[:, a:b], recent) for a, b in ((0, 1), (1, 2), (2, 6), (6, 7))]
    assert torch.allclose(torch.cat(pieces, dim=1), shift(x, None))
