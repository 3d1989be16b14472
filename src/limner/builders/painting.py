"""Editors and personalizers by name, and how a step asks one: what it refuses drops a document, what fails
ends the run.

Knows no model: Limner's own painter is handed in from above (`cli/limner_editor.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from limner.builders.adapters import Endpoint, made_by_name
from limner.builders.runner.document import Document, DropError, StopError
from limner.dialogue.parts import Picture
from limner.perception.painters import PaintError, Personalizer, PictureEditor


def editor_by_name(
    name: str, endpoint: Endpoint, picture_price: float = 0.0, fields: Mapping[str, str] | None = None
) -> PictureEditor:
    """openai (any images/edits endpoint), or module:Class."""
    return made_by_name(
        name,
        "--editor",
        PictureEditor,  # type: ignore[type-abstract]
        {"openai": lambda model: _endpoint_painter(endpoint, model, picture_price, fields)},
    )


def personalizer_by_name(
    name: str, endpoint: Endpoint, picture_price: float = 0.0, fields: Mapping[str, str] | None = None
) -> Personalizer:
    """openai (any images/edits endpoint), pipeline=FOLDER (diffusers with an identity adapter), or
    module:Class.
    """
    return made_by_name(
        name,
        "--personalizer",
        Personalizer,  # type: ignore[type-abstract]
        {
            "openai": lambda model: _endpoint_painter(endpoint, model, picture_price, fields),
            "pipeline": _pipeline,
        },
    )


def painted(document: Document, painter: object, paint: Callable[[], np.ndarray], reason: str) -> np.ndarray:
    """What a painter makes, counted. `PaintError` becomes a `DropError` with `reason`; an error of the
    painter itself ends the run, because the next picture would meet it too.
    """
    before = _spent(painter)
    try:
        return Picture(np.asarray(paint())).pixels
    except PaintError as error:
        raise DropError(reason, str(error)) from error
    except (ValueError, OSError) as error:
        raise StopError(str(error)) from error
    finally:
        for what, num in _spent(painter).items():
            document.counts[what] += num - before.get(what, 0)


def _spent(painter: Any) -> Mapping[str, int]:
    spent = getattr(painter, "spent", None)
    if spent is None:
        return {}
    return {
        "pictures painted": spent.pictures,
        "input tokens": spent.input_tokens,
        "output tokens": spent.output_tokens,
        "microdollars": round(getattr(painter, "dollars", 0.0) * 1e6),
    }


def _endpoint_painter(
    endpoint: Endpoint, model: str, picture_price: float, fields: Mapping[str, str] | None
) -> Any:
    from limner.perception.endpoint.images import EndpointPainter
    from limner.perception.endpoint.wire import Limits, Wire, key_from

    limits = Limits(timeout_s=endpoint.timeout_s, per_minute=endpoint.per_minute)
    wire = Wire(endpoint.url, key=key_from(endpoint.key_variable), limits=limits)
    return EndpointPainter(wire=wire, model=model or endpoint.model, price=picture_price, extra=fields)


def _pipeline(folder: str) -> Any:
    if not folder:
        raise ValueError("The pipeline needs its folder; write --personalizer pipeline=FOLDER.")
    from limner.perception.pipeline_personalizer import PipelinePersonalizer

    return PipelinePersonalizer(folder)
