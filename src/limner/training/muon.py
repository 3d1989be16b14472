"""AdamW with orthogonal steps for matrices (Muon; Jordan et al. 2024, scaled as in Liu et al. 2025).

A matrix's momentum is replaced by the nearest matrix whose singular values are all one, so that rare
directions learn as quickly as common ones. Convolutions count as matrices (out, in * k * k). Knows
parameters. Knows no networks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from limner.models.precision import compute_dtype

# Newton-Schulz coefficients of the quintic iteration (Jordan et al. 2024): singular values go to about one.
QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
LONG = 4  # times as long as wide: from there on it is cheaper to iterate on the smaller side alone
RMS = 0.2  # size of an orthogonal step's entries, that of a usual AdamW step (Liu et al. 2025, eq. 4)


class Muon(torch.optim.Optimizer):
    """Each group has "orthogonal" true (matrices) or false (AdamW); one learning rate suits both."""

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.98),
        eps: float = 1e-6,
        momentum: float = 0.95,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "momentum": momentum, "weight_decay": 0.0}
        super().__init__(groups, {**defaults, "orthogonal": False})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step on every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                turn = self._orthogonal if group["orthogonal"] else self._adam
                parameter.add_(turn(parameter, parameter.grad, group), alpha=-group["lr"])

    def _orthogonal(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(state["momentum"], group["momentum"]).flatten(1)
        return orthogonalised(ahead).mul_(RMS * max(ahead.shape) ** 0.5).view_as(parameter)

    def _adam(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state, (first, second) = self.state[parameter], group["betas"]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        count = float(state["step"])
        state["exp_avg"].lerp_(gradient, 1 - first)
        state["exp_avg_sq"].lerp_(gradient.square(), 1 - second)
        spread: Tensor = (state["exp_avg_sq"] / (1 - second**count)).sqrt_().add_(group["eps"])
        mean: Tensor = state["exp_avg"] / (1 - first**count)
        return mean / spread


def orthogonalised(matrix_MN: Tensor) -> Tensor:
    """(M, N) -> about U V' of its singular value decomposition U S V': singular values of .7 to 1.2."""
    a, b, c = QUINTIC
    # bfloat16 is enough (Jordan et al. 2024) and, where it is native, several times faster.
    x: Tensor = (matrix_MN / (matrix_MN.norm() + 1e-7)).to(compute_dtype(matrix_MN.device))
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    if x.dtype == torch.float32 and x.shape[1] >= LONG * x.shape[0]:
        x = _by_gram(x)
    else:
        for _ in range(ITERATIONS):
            gram = x @ x.T
            x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix_MN.dtype)


def _by_gram(x_MN: Tensor) -> Tensor:
    """The same iterations for a long matrix, on x x' alone: every iterate is some (M, M) matrix times x.

    Squares the singular values, so it needs float32.
    """
    a, b, c = QUINTIC
    gram = x_MN @ x_MN.T
    unit = torch.eye(len(gram), device=gram.device)
    whole = unit
    for _ in range(ITERATIONS):
        factor = a * unit + b * gram + c * gram @ gram
        whole, gram = factor @ whole, factor @ gram @ factor
    return whole @ x_MN
