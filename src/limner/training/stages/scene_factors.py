"""Scene tokens against the truth, factor by factor: what teaches an encoder, and what is told of it.

Knows the codebooks of scene tokens as tensors. Knows no networks and no pictures.

Legend: B pictures, N tokens, D token width, W factors with a word, C words of the longest (and hidden), M
numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner_world.scene_tokens import FIRST_SCENE_TOKEN, PERSON_TOKENS, number_factors, word_factors

LOGIT_SCALE: Final = 8.0  # of the true word of true tokens; the others' are 0
_PLACES: Final = ("left", "right")


class SceneFactors(nn.Module):
    """The words and numbers that scene tokens say, as projections on their codebooks."""

    word_rows_WCD: Tensor
    number_rows_MD: Tensor

    def __init__(self) -> None:
        super().__init__()
        words, numbers = list(word_factors()), list(number_factors())
        longest = max(len(factor.rows) for _, factor in words)
        rows_WCD = np.zeros((len(words), longest, words[0][1].rows.shape[1]), np.float32)
        for index, (_, factor) in enumerate(words):
            squares = np.square(factor.rows).sum(1, keepdims=True)
            rows_WCD[index, : len(factor.rows)] = factor.rows / squares
        spread = [f.rows / np.square(f.rows).sum(1, keepdims=True) for _, f in numbers]
        self.word_tokens = [token for token, _ in words]
        self.word_names = [factor.name for _, factor in words]
        self.number_tokens = [token for token, factor in numbers for _ in factor.names]
        self.number_names = [name for _, factor in numbers for name in factor.names]
        sizes = torch.tensor([len(factor.rows) for _, factor in words])
        self.register_buffer("word_rows_WCD", torch.from_numpy(rows_WCD), persistent=False)
        self.register_buffer("number_rows_MD", torch.from_numpy(np.concatenate(spread)), persistent=False)
        self.register_buffer("beyond_WC", torch.arange(longest) >= sizes[:, None], persistent=False)

    beyond_WC: Tensor

    def words(self, tokens_BND: Tensor) -> Tensor:
        """(B, W, C): how much each token says each word, 1 for the true one of true tokens; -inf beyond."""
        said_BWC = torch.einsum("bwd,wcd->bwc", tokens_BND[:, self.word_tokens], self.word_rows_WCD)
        return said_BWC.masked_fill(self.beyond_WC, float("-inf"))

    def numbers(self, tokens_BND: Tensor) -> Tensor:
        """(B, M): the numbers in units of their spread, around their mean."""
        return torch.einsum("bmd,md->bm", tokens_BND[:, self.number_tokens], self.number_rows_MD)

    def there(self, tokens: list[int], num_figures_B: Tensor) -> Tensor:
        """(B, len(tokens)): whether each token belongs to a person in the scene, or to the scene itself."""
        right = torch.tensor(
            [PERSON_TOKENS <= token < FIRST_SCENE_TOKEN for token in tokens], device=num_figures_B.device
        )
        return ~right | (num_figures_B == 2)[:, None]

    def cross_entropy(self, tokens_BND: Tensor, true_BND: Tensor, num_figures_B: Tensor) -> Tensor:
        """Mean over the words of what is there."""
        logits_BWC = LOGIT_SCALE * self.words(tokens_BND)
        labels_BW = self.words(true_BND).argmax(-1)
        losses_BW = F.cross_entropy(logits_BWC.flatten(0, 1), labels_BW.flatten(), reduction="none")
        there_BW = self.there(self.word_tokens, num_figures_B)
        return (losses_BW.view_as(labels_BW) * there_BW).sum() / there_BW.sum()


class Agreement:
    """Gathers how well read tokens say what the true ones say, over batches; both persons count alike."""

    def __init__(self, factors: SceneFactors) -> None:
        self._factors = factors
        self._right: list[Tensor] = []
        self._read: list[Tensor] = []
        self._true: list[Tensor] = []
        self._there: list[tuple[Tensor, Tensor]] = []

    @torch.no_grad()
    def add(self, tokens_BND: Tensor, true_BND: Tensor, num_figures_B: Tensor) -> None:
        """More pictures: read and true tokens, and how many figures each shows."""
        factors = self._factors
        self._right.append(factors.words(tokens_BND).argmax(-1) == factors.words(true_BND).argmax(-1))
        self._read.append(factors.numbers(tokens_BND))
        self._true.append(factors.numbers(true_BND))
        self._there.append(
            (
                factors.there(factors.word_tokens, num_figures_B),
                factors.there(factors.number_tokens, num_figures_B),
            )
        )

    def words(self, chosen_B: Tensor | None = None) -> dict[str, float]:
        """Share of rightly read words by factor, of those who are there in the chosen pictures."""
        right, there = torch.cat(self._right), torch.cat([words for words, _ in self._there])
        if chosen_B is not None:
            there = there & chosen_B[:, None]
        return _by_name(
            self._factors.word_names, lambda columns: _share(right[:, columns], there[:, columns])
        )

    def explained(self, clear_BF: Tensor | None = None) -> dict[str, float]:
        """Share of each number's variance that is read (1: exactly, 0: no better than the mean), of the
        figures chosen by `clear_BF` (B, 2); the scene's zoom counts where either is.
        """
        read, true = torch.cat(self._read), torch.cat(self._true)
        there = torch.cat([numbers for _, numbers in self._there])
        if clear_BF is not None:
            tokens = self._factors.number_tokens
            own = [token // PERSON_TOKENS if token < FIRST_SCENE_TOKEN else 2 for token in tokens]
            there = there & torch.cat([clear_BF, clear_BF.any(1, keepdim=True)], dim=1)[:, own]
        names = self._factors.number_names
        return _by_name(names, lambda at: _explained(read[:, at], true[:, at], there[:, at]))


def _by_name(names: list[str], measure: Callable[[list[int]], float]) -> dict[str, float]:
    columns: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        columns.setdefault("letters" if name.startswith("letter_") else name, []).append(index)
    return {name: measure(found) for name, found in columns.items()}


def _share(right: Tensor, there: Tensor) -> float:
    return float((right & there).sum() / there.sum().clamp_min(1))


def _explained(read: Tensor, true: Tensor, there: Tensor) -> float:
    read, true = read[there], true[there]
    if len(true) < 2:
        return 0.0
    return float(1 - (read - true).square().sum() / (true - true.mean()).square().sum().clamp_min(1e-9))
