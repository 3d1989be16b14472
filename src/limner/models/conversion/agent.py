"""The language side of SEED-X's agent: plain names, peft's names, and adapters, merged or kept apart.

Knows the names of `agent/pytorch_model.bin` and of the `llm/` folder beside it. Knows no files.

    llm.model.layers.0.self_attn.q_proj.weight                                      plain
    llm.base_model.model.model.layers.0.self_attn.q_proj.weight                     peft 0.4
    llm.base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight          newer peft
    llm.base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight      and lora_B
    llm.base_model.model.model.norm.original_module.weight                          before training
    llm.base_model.model.model.norm.modules_to_save.default.weight                  after training

What a kind of layer has in one block it must have in all. What the agent does not hold comes from `llm/`, but
an agent that holds projections of its own must hold the whole model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from limner.models.adapters import PROJECTIONS
from limner.models.conversion.fit import Shape, check_fit
from limner.models.conversion.llama_config import ROPE_BUFFER, check_rope
from limner.models.shards import LazyTensor, lazy
from limner.models.sizes import LanguageSizes

PREFIX: Final = "llm."
PEFT: Final = "base_model.model."
PLAIN, BASE_LAYER, SAVED, ORIGINAL = "", "base_layer", "modules_to_save", "original_module"
LORA_A, LORA_B = "lora_A", "lora_B"
_NAME: Final = re.compile(
    rf"(?P<module>.+?)\.(?:(?P<role>{LORA_A}|{LORA_B}|{SAVED}|{ORIGINAL}|{BASE_LAYER})\.)?"
    r"(?:(?<!weight\.)default\.)?weight"
)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a tensor of the agent belongs: `module` without any prefix, `role` one of the above."""

    key: str
    module: str
    role: str

    @property
    def kind(self) -> str:
        return self.module.rpartition(".")[2]


@dataclass(frozen=True, kw_only=True)
class AgentLLM:
    """What an agent's LLaMA is: `tensors` by plain names, what it was trained to be (`trained`, without
    adapters), the rank of its adapters (0 without any), and these by peft's names where they are kept apart.
    """

    tensors: dict[str, LazyTensor]
    trained: dict[str, LazyTensor]
    rank: int
    adapters: dict[str, Tensor]


def read_llm(
    agent: Mapping[str, Tensor],
    llm: Mapping[str, Tensor] | None,
    wanted: Mapping[str, Shape],
    sizes: LanguageSizes,
    *,
    beside: Mapping[str, Shape],
    where: object,
    llm_where: object,
    alpha: float | None = None,
    keep: bool = False,
) -> AgentLLM:
    """The LLaMA's tensors, adapters merged; or, with `keep`, as they were before training, adapters apart.

    Args:
        agent: the agent's tensors, below `llm.` and beside it.
        llm: the `llm/` folder's tensors, None when there is none.
        wanted: the LLaMA's plain names and shapes.
        sizes: of the LLaMA.
        beside: the agent's other names and shapes, only checked here.
        where: the agent's file, for errors.
        llm_where: the folder, for errors.
        alpha: the adapters' alpha; by default their rank, as in SEED-X and the paper.
        keep: the adapters stay apart.

    Raises:
        ValueError: (MisfitError) keys that are missing, extra or misshapen; another rotary base; with `keep`,
            no adapters, or not on all of `PROJECTIONS`.
    """
    below = {key: tensor for key, tensor in agent.items() if key.startswith(PREFIX)}
    ropes = {key: tensor for key, tensor in below.items() if key.endswith(ROPE_BUFFER)}
    check_rope(ropes, sizes, where)
    places = [_place(key) for key in below if key not in ropes]
    rank = _rank(below, places)
    if keep:
        _check_keepable(places, where)
    expected, from_folder = _expected(places, wanted, rank)
    originals = {place.key for place in places if place.role == ORIGINAL}
    if keep:
        expected |= _expected_originals(places, wanted)
        originals = set()
    shapes = {key: tuple(tensor.shape) for key, tensor in agent.items()}
    check_fit(where, shapes, {**expected, **beside}, ignore={*ropes, *originals})
    made = {} if not from_folder else _folder_tensors(llm, wanted, sizes, llm_where)
    found = {name: made[name] for name in from_folder}
    by_role = {(place.module, place.role): below[place.key] for place in places}
    tensors: dict[str, LazyTensor] = {}
    trained: dict[str, LazyTensor] = {}
    adapters: dict[str, Tensor] = {}
    for name in wanted:
        module = name.removesuffix(".weight")

        def first(*roles: str, module: str = module, name: str = name) -> LazyTensor:
            own = next((by_role[module, role] for role in roles if (module, role) in by_role), None)
            return lazy(own) if own is not None else found[name]

        trained[name] = first(SAVED, PLAIN, BASE_LAYER)
        tensors[name] = first(ORIGINAL, PLAIN, BASE_LAYER, SAVED) if keep else trained[name]
        if (module, LORA_A) not in by_role:
            continue
        lora_a, lora_b = by_role[module, LORA_A], by_role[module, LORA_B]
        if keep:
            adapters |= {f"{module}.{LORA_A}.weight": lora_a, f"{module}.{LORA_B}.weight": lora_b}
        else:
            scale = (alpha if alpha is not None else rank) / rank
            tensors[name] = _merged(tensors[name], lora_a, lora_b, scale)
    return AgentLLM(tensors=tensors, trained=trained, rank=rank, adapters=adapters)


def _place(key: str) -> _Place:
    name = key.removeprefix(PREFIX).removeprefix(PEFT)
    match = _NAME.fullmatch(name)
    if match is None:
        return _Place(key=key, module=name, role="unknown")
    return _Place(key=key, module=match["module"], role=match["role"] or PLAIN)


def _rank(tensors: Mapping[str, Tensor], places: list[_Place]) -> int:
    """The rank that most adapters have; the others are then misshapen."""
    ranks = Counter(tensors[place.key].shape[0] for place in places if place.role == LORA_A)
    return ranks.most_common(1)[0][0] if ranks else 0


def _expected(
    places: list[_Place], wanted: Mapping[str, Shape], rank: int
) -> tuple[dict[str, Shape], list[str]]:
    """What the agent should hold, by its own names, and which plain names the folder has to give."""
    roles = {(place.kind, place.role) for place in places}
    prefix = PREFIX + (PEFT if any(place.key.startswith(PREFIX + PEFT) for place in places) else "")
    adapter = ".default" if any(".default." in place.key for place in places) else ""
    has_projections = any(kind.endswith("_proj") and role in (PLAIN, BASE_LAYER) for kind, role in roles)
    expected: dict[str, Shape] = {}
    from_folder: list[str] = []
    for name, shape in wanted.items():
        module = name.removesuffix(".weight")
        kind = module.rpartition(".")[2]
        if (kind, SAVED) in roles:
            expected[f"{prefix}{module}.{SAVED}{adapter}.weight"] = shape
        elif (kind, BASE_LAYER) in roles:
            expected[f"{prefix}{module}.{BASE_LAYER}.weight"] = shape
        elif (kind, PLAIN) in roles or has_projections:
            expected[f"{prefix}{name}"] = shape
        else:
            from_folder.append(name)
        if (kind, LORA_A) in roles or (kind, LORA_B) in roles:
            expected[f"{prefix}{module}.{LORA_A}{adapter}.weight"] = (rank, shape[1])
            expected[f"{prefix}{module}.{LORA_B}{adapter}.weight"] = (shape[0], rank)
    return expected, from_folder


def _expected_originals(places: list[_Place], wanted: Mapping[str, Shape]) -> dict[str, Shape]:
    """What stood before training, of each kind of layer that the agent has it of."""
    kinds = {place.kind for place in places if place.role == ORIGINAL}
    shapes: dict[str, Shape] = {}
    for name, shape in wanted.items():
        module = name.removesuffix(".weight")
        if module.rpartition(".")[2] in kinds:
            shapes[f"{PREFIX}{PEFT}{module}.{ORIGINAL}.weight"] = shape
    return shapes


def _check_keepable(places: list[_Place], where: object) -> None:
    adapted = {place.kind for place in places if place.role == LORA_A}
    if not adapted:
        raise ValueError(f"{where} holds no adapters that could be kept; convert it without --adapter keep.")
    if bare := sorted(set(PROJECTIONS) - adapted):
        raise ValueError(
            f"{where} has no adapters on {', '.join(bare)}, which limner's have; convert it with them merged."
        )


def _folder_tensors(
    llm: Mapping[str, Tensor] | None, wanted: Mapping[str, Shape], sizes: LanguageSizes, where: object
) -> dict[str, LazyTensor]:
    if llm is None:
        raise ValueError(f"The agent lacks the language model's own weights, and there are none in {where}.")
    ropes = {key: tensor for key, tensor in llm.items() if key.endswith(ROPE_BUFFER)}
    check_rope(ropes, sizes, where)
    check_fit(where, {key: tuple(tensor.shape) for key, tensor in llm.items()}, wanted, ignore=ropes)
    return {name: lazy(llm[name]) for name in wanted}


def _merged(base: LazyTensor, lora_a: Tensor, lora_b: Tensor, scale: float) -> LazyTensor:
    """W + scale B A (Hu et al. 2021, section 4.1), summed in float32."""

    def make() -> Tensor:
        return torch.addmm(base.make().float(), lora_b.float(), lora_a.float(), alpha=scale)

    return LazyTensor(shape=base.shape, dtype=base.dtype, make=make)
