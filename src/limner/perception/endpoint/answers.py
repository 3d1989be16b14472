"""What an OpenAI-compatible server answered: its words and its picture, wherever it put them.

Knows the shapes of Responses, Chat Completions and Images answers. Knows nothing about requests and
histories.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from limner.dialogue.parts import MAX_BYTES, Picture

_IN_WORDS: Final = re.compile(
    r"!\[[^\]]*\]\(\s*<?(?P<linked>[^)\s>]+)>?[^)]*\)|(?P<bare>data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+)"
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A parsed answer.

    Args:
        text: the words, without picture links.
        picture: the last picture that can be read; None when there is none.
        complaint: why a picture that was sent cannot be used; empty when there is nothing to say.
        place: where the picture was: "images", "parts", "words", "call", or "" without one.
        input_tokens: tokens that the server counted in; 0 when it does not say.
        output_tokens: tokens that it counted out.
    """

    text: str
    picture: Picture | None = None
    complaint: str = ""
    place: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


def data_url(picture: Picture) -> str:
    """The picture as a PNG data URL."""
    return "data:image/png;base64," + base64.b64encode(picture.to_png()).decode()


def read_picture(source: object, fetch: Callable[[str], bytes] | None = None) -> Picture:
    """The picture of a data URL, of bare base64, or of an address that `fetch` may open.

    ValueError says why there is none. Every size is checked before anything is decoded.
    """
    if not isinstance(source, str) or not source:
        raise ValueError("The answer's picture is empty.")
    if source.startswith("data:"):
        _, _, source = source.partition(",")
    elif fetch is not None and re.match(r"https?://|/[\w.~-]", source[:16]) and len(source) < 4000:
        return Picture.from_bytes(fetch(source))
    if len(source) > MAX_BYTES * 4 // 3 + 4:
        raise ValueError(f"The answer's picture is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return Picture.from_bytes(base64.b64decode("".join(source.split()), validate=True))
    except binascii.Error as error:
        raise ValueError(f"The answer's picture is no base64 ({error}).") from error


def from_response(answer: Mapping[str, Any]) -> Found:
    """A Responses object: words from its messages, the picture from its last `image_generation_call`."""
    words: list[str] = []
    sources: list[tuple[str, object]] = []
    for item in _maps(answer.get("output")):
        if item.get("type") == "image_generation_call" and item.get("result"):
            sources.append(("call", item["result"]))
        for part in _maps(item.get("content")):
            if part.get("type") in ("output_text", "refusal"):
                words.append(_text(part.get("text")) or _text(part.get("refusal")))
            elif part.get("type") in ("output_image", "image_url"):
                sources.append(("parts", _address(part)))
    if not words:
        words.append(_text(answer.get("output_text")))
    return _found(words, sources, answer.get("usage"), None)


def from_images(answer: Mapping[str, Any], fetch: Callable[[str], bytes] | None = None) -> Found:
    """The answer of `/images/...`, whole or the last event of a stream, which holds its picture itself."""
    first = next(_maps(answer.get("data")), answer)
    return _found([], [("", first.get("b64_json") or first.get("url"))], answer.get("usage"), fetch)


def from_chat(answer: Mapping[str, Any], fetch: Callable[[str], bytes] | None = None) -> Found:
    """A Chat Completions object: `message.images` (as OpenRouter sends it), picture parts of the content, or
    picture links within the words.
    """
    choices = _maps(answer.get("choices"))
    messages = (choice["message"] for choice in choices if isinstance(choice.get("message"), dict))
    message: Mapping[str, Any] = next(messages, {})
    words: list[str] = []
    sources: list[tuple[str, object]] = []
    content = message.get("content")
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else _maps(content):
        if part.get("type") in ("text", "output_text"):
            text, links = _without_links(_text(part.get("text")))
            words.append(text)
            sources += [("words", link) for link in links]
        else:
            sources += [("parts", address) for address in [_address(part)] if address]
    sources += [("images", _address(part)) for part in _maps(message.get("images"))]
    words.append(_text(message.get("refusal")))
    return _found(words, sources, answer.get("usage"), fetch)


def _found(
    words: list[str],
    sources: list[tuple[str, object]],
    usage: object,
    fetch: Callable[[str], bytes] | None,
) -> Found:
    text = "\n".join(word.strip() for word in words if word.strip())
    counted = usage if isinstance(usage, dict) else {}
    said = Found(
        text=text,
        input_tokens=_count(counted, "input_tokens", "prompt_tokens"),
        output_tokens=_count(counted, "output_tokens", "completion_tokens"),
    )
    complaint = ""
    for place, source in reversed(sources):
        try:
            picture = read_picture(source, fetch)
        except ValueError as error:
            complaint = complaint or str(error)
            continue
        return replace(said, picture=picture, complaint=complaint, place=place)
    return replace(said, complaint=complaint)


def _without_links(text: str) -> tuple[str, list[str]]:
    links = [match["linked"] or match["bare"] for match in _IN_WORDS.finditer(text)]
    return _IN_WORDS.sub("", text), links


def _address(part: Mapping[str, Any]) -> object:
    """The picture of a content part: `image_url` as text or as {"url"}, `b64_json`, `url` or `data`."""
    held = part.get("image_url")
    if isinstance(held, dict):
        return held.get("url")
    return held or part.get("b64_json") or part.get("url") or part.get("data")


def _maps(values: object) -> Iterator[Mapping[str, Any]]:
    return (value for value in (values if isinstance(values, list) else []) if isinstance(value, dict))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(usage: Mapping[str, Any], *names: str) -> int:
    for name in names:
        if isinstance(usage.get(name), int):
            return max(0, int(usage[name]))
    return 0
