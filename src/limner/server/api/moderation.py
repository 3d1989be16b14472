"""A safety hook of the operator's: what may be asked and shown, and POST /v1/moderations in OpenAI's shape.

Knows how a hook is found, what it is given, and where it stands: in front of every round, whichever endpoint
asks, and behind it. Limner itself holds no judge; a ready one, `nudity.py`, is an extra. A hook that
fails lets nothing through.
"""

from __future__ import annotations

import importlib
import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from limner.dialogue.parts import Picture, Round
from limner.inference.events import Failed, Preview, Wrote
from limner.server.api.people import file_reader
from limner.server.api.routes import keyed_routes
from limner.server.errors import ApiError
from limner.server.pictures.painting import reader_of
from limner.server.pictures.pictures_in import content_of
from limner.server.rounds.rounds import told
from limner.server.schemas.shapes import A_LIST, A_TEXT, AN_OBJECT, MAX_PARTS, OneOf, Shape
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Wish
from limner.service.service_round import Answered, ServiceEvent, ServiceRound

log = logging.getLogger("limner.server")

THRESHOLD: Final = 0.5
MAX_INPUTS: Final = 32
MAX_CHARACTERS: Final = 32_000
CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)

# Words and pictures -> {category: score in 0..1, or whether}; or a result in OpenAI's shape.
Hook = Callable[[str, Sequence[Picture]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the hook says: categories with their scores, and which of them apply."""

    scores: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_flagged(self) -> bool:
        return any(self.categories.values())

    @property
    def named(self) -> str:
        """The categories that apply, in words."""
        return ", ".join(sorted(name for name, applies in self.categories.items() if applies))


class Safety:
    """Asks the hook. For several threads, if the hook is."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def judge(self, text: str, pictures: Sequence[Picture] = ()) -> Verdict:
        """The hook's verdict; ApiError 503 when the hook raises anything."""
        try:
            return _verdict(self._hook(text, tuple(pictures)))
        except Exception as error:
            log.error("the safety hook failed: %s", type(error).__name__)
            raise ApiError(
                503,
                "The safety check could not be made; try again.",
                code="safety_check_failed",
                retry_after_s=5,
            ) from None

    def check(self, text: str, pictures: Sequence[Picture]) -> None:
        """ApiError 400 when the hook refuses the request."""
        verdict = self.judge(text, pictures)
        if verdict.is_flagged:
            raise _refused("Your request", verdict)


def load_safety(name: str | None) -> Safety | None:
    """The hook named "module:callable"; None without a name. ValueError when there is no such thing."""
    if name in (None, "none"):
        return None
    module, _, attribute = str(name).partition(":")
    if not module or not attribute:
        raise ValueError(f"A safety hook is named MODULE:CALLABLE, not {name!r}.")
    try:
        hook = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"The safety hook {name} is not there ({error}); is it on PYTHONPATH?") from error
    if not callable(hook):
        raise ValueError(f"The safety hook {name} cannot be called.")
    return Safety(hook)


def guarded(service: ConversationService, safety: Safety | None) -> ConversationService:
    """The service with the hook before and behind every round; the same one when there is no hook."""
    return service if safety is None else cast(ConversationService, _SafeService(service, safety))


class _SafeService:
    """A service in all but `ask` and `remember`."""

    def __init__(self, service: ConversationService, safety: Safety) -> None:
        self._service = service
        self._safety = safety

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def ask(self, wish: Wish) -> ServiceRound:
        self._safety.check(wish.text, wish.images)
        asked = self._service.ask(wish)
        outer = ServiceRound(id=asked.id, owner=wish.owner, conversation=asked.conversation)
        outer.stop_with(asked.cancel)
        threading.Thread(target=self._let_out, args=(asked, outer, wish.keep), daemon=True).start()
        return outer

    def remember(self, owner: str, *, round_: Round, **more: Any) -> Any:
        self._safety.check(f"{round_.instruction.text}\n{round_.response.text}", round_.pictures)
        return self._service.remember(owner, round_=round_, **more)

    def _let_out(self, asked: ServiceRound, outer: ServiceRound, keep: bool) -> None:
        """Every event, those that show something after the hook has seen it. Words wait until they end."""
        words = ""
        for event in asked.events():
            if isinstance(event, Wrote):
                words += event.text
                continue
            try:
                if words:
                    self._allow(words, [])
                    outer.emit(Wrote(text=words))
                    words = ""
                self._allow_event(event)
            except ApiError as error:
                asked.cancel()
                if isinstance(list(asked.events())[-1], Answered) and keep:
                    self._service.delete(outer.owner, outer.id)
                outer.emit(Failed(error=error))
                return
            outer.emit(event)

    def _allow_event(self, event: ServiceEvent) -> None:
        if isinstance(event, Preview):
            self._allow("", [event.picture])
        elif isinstance(event, Answered) and event.picture is not None:
            self._allow(event.round.text_out, [event.picture])

    def _allow(self, text: str, pictures: Sequence[Picture]) -> None:
        """ApiError when the answer may not be shown; nothing of it is kept then."""
        verdict = self._safety.judge(text, pictures)
        if verdict.is_flagged:
            raise _refused("The answer", verdict)


Inputs = Annotated[
    list[Annotated[Annotated[str, A_TEXT] | Annotated[dict[str, Any], AN_OBJECT], OneOf]],
    Field(max_length=max(MAX_INPUTS, MAX_PARTS), fail_fast=True),
]


class ModerationRequest(Shape):
    """POST /v1/moderations: a text, several texts, or parts with words and pictures."""

    input: Annotated[Annotated[str, A_TEXT] | Annotated[Inputs, A_LIST], OneOf]
    model: str | None = None


class ModerationResult(BaseModel):
    """The verdict on one input."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]


class ModerationBody(BaseModel):
    """Verdicts, as OpenAI's clients read them."""

    id: str
    model: str
    results: list[ModerationResult]


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/moderations."""
    routes = keyed_routes("moderations", "/v1")
    safety, reader = load_safety(settings.safety_hook), reader_of(settings)

    def judge(judged: Safety, owner: str, given: str | list[str | dict[str, Any]]) -> list[ModerationResult]:
        inputs: list[tuple[str, list[Picture]]]
        if isinstance(given, str):
            inputs = [(given, [])]
        elif all(isinstance(one, str) for one in given):
            inputs = [(str(one), []) for one in given]
        else:
            content = content_of(given)
            most = settings.limits.max_images
            inputs = [(content.text, reader.read(content.pictures, file_reader(service, owner), most=most))]
        if not 0 < len(inputs) <= MAX_INPUTS:
            raise ValueError(f"Send 1 to {MAX_INPUTS} inputs, not {len(inputs)}.")
        if any(len(text) > MAX_CHARACTERS for text, _ in inputs):
            raise ValueError(f"An input has more than {MAX_CHARACTERS:,} characters.")
        return [_result(judged.judge(text, pictures), text, pictures) for text, pictures in inputs]

    @routes.post("/moderations", summary="Ask the safety hook")
    async def create(asked: ModerationRequest, owner: Owner) -> ModerationBody:
        if safety is None:
            raise ApiError(
                404,
                "This server has no safety hook; its operator names one with --safety-hook.",
                code="no_safety_hook",
            )
        with told("input"):
            results = await run_in_threadpool(judge, safety, owner, asked.input)
        return ModerationBody(
            id=f"modr-{secrets.token_hex(12)}", model=str(settings.safety_hook), results=results
        )

    return routes


def _refused(what: str, verdict: Verdict) -> ApiError:
    return ApiError(
        400,
        f"{what} was rejected by this server's safety system. safety_violations=[{verdict.named}].",
        kind="image_generation_user_error",
        code="moderation_blocked",
        should_retry=False,
    )


def _verdict(said: Mapping[str, Any]) -> Verdict:
    """The hook's answer, in either form, as a verdict; anything else raises."""
    if "flagged" in said:
        applies = {str(name): bool(value) for name, value in (said.get("categories") or {}).items()}
        if bool(said["flagged"]) and not any(applies.values()):
            applies["other"] = True
        scores = {str(name): float(value) for name, value in (said.get("category_scores") or {}).items()}
        return Verdict(categories=applies, scores={name: float(v) for name, v in applies.items()} | scores)
    scores = {str(name): float(value) for name, value in said.items()}
    return Verdict(scores=scores, categories={name: score >= THRESHOLD for name, score in scores.items()})


def _result(verdict: Verdict, text: str, pictures: Sequence[Picture]) -> ModerationResult:
    names = [*CATEGORIES, *sorted(set(verdict.categories) - set(CATEGORIES))]
    kinds = (["text"] if text else []) + (["image"] if pictures else [])
    return ModerationResult(
        flagged=verdict.is_flagged,
        categories={name: bool(verdict.categories.get(name, False)) for name in names},
        category_scores={name: float(verdict.scores.get(name, 0.0)) for name in names},
        category_applied_input_types={
            name: kinds if verdict.categories.get(name) is not None else [] for name in names
        },
    )
