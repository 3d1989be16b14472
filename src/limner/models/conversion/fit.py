"""Whether weights fit: what is missing, what is extra, what has another shape, key by key.

Knows names and shapes. Knows nothing about files or networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Shape = tuple[int, ...]


class MisfitError(ValueError):
    """Weights that do not fit. The message is one sentence that counts; `lines` name every key.

    Args:
        where: the file or folder that the weights are from.
        missing: keys that should be there, with their shapes.
        extra: keys that should not.
        misshapen: keys with the shape found and the shape wanted.
    """

    def __init__(
        self,
        where: str,
        *,
        missing: Mapping[str, Shape],
        extra: Mapping[str, Shape],
        misshapen: Mapping[str, tuple[Shape, Shape]],
    ) -> None:
        self.lines = (
            *(f"missing    {key}  {_size(shape)}" for key, shape in sorted(missing.items())),
            *(f"extra      {key}  {_size(shape)}" for key, shape in sorted(extra.items())),
            *(
                f"misshapen  {key}  is {_size(found)}, should be {_size(wanted)}"
                for key, (found, wanted) in sorted(misshapen.items())
            ),
        )
        kinds = (
            ("missing", list(missing)),
            ("extra", list(extra)),
            (
                "misshapen",
                [f"{key} ({_size(f)}, not {_size(w)})" for key, (f, w) in sorted(misshapen.items())],
            ),
        )
        told = "; ".join(f"{kind}: {_some(keys)}" for kind, keys in kinds if keys)
        super().__init__(f"The weights in {where} do not fit: {told}.")


def check_fit(
    where: object, found: Mapping[str, Shape], wanted: Mapping[str, Shape], ignore: Iterable[str] = ()
) -> None:
    """Raises MisfitError unless `found` has exactly the keys of `wanted`, each in its shape.

    Args:
        where: what the error calls the source.
        found: what there is.
        wanted: what there should be.
        ignore: keys of `found` that have been dealt with.
    """
    ignored = set(ignore)
    missing = {key: shape for key, shape in wanted.items() if key not in found}
    extra = {key: shape for key, shape in found.items() if key not in wanted and key not in ignored}
    misshapen = {
        key: (found[key], shape) for key, shape in wanted.items() if key in found and found[key] != shape
    }
    if missing or extra or misshapen:
        raise MisfitError(str(where), missing=missing, extra=extra, misshapen=misshapen)


def _some(keys: list[str]) -> str:
    shown = sorted(keys)[:3]
    return ", ".join(shown) + (f" and {len(keys) - len(shown)} more" if len(keys) > len(shown) else "")


def _size(shape: Shape) -> str:
    return "x".join(str(side) for side in shape) or "a single number"
