"""What kind of wish an instruction is, apart from ways back: a change, a portrait, a question, or none.

Knows English turns of phrase. Knows no history but what it is told in yes and no.
"""

from __future__ import annotations

import re
from typing import Final

from limner.dialogue.clauses import begins_change, without_lead


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PORTRAIT: Final = _pattern(
    r"\b(?:close[- ]?ups?|close shot|portrait|head ?-?shot|selfie|up close|from close(?: by)?|in detail"
    r"|by (?:him|her|them)self"
    r"|zoom|crop(?:ped)? in|get(?:ting)? closer|closer (?:look|view|shot)|good look|nearer|close view"
    r"|mug shot"
    r"|alone)\b|\bface\b(?!s)"
)
_ONLY: Final = _pattern(r"^(?:and )?(?:now |just |only )+")
_CHANGES: Final = _pattern(
    r"^(?:(?:now|next|then|also|please|and)\b[\s,]*)*(?:make|give(?! me| us)|change|put|add|remove"
    r"|let(?! me| us)|dress|replace|turn|swap|take"
    r"|dye|colou?r|recolou?r|have|hand|move|set|use|convert|style|place|erase|get rid of|cut|lower|raise"
    r"|remake|switch)\b"
)
_MAKES: Final = _pattern(
    r"^(?:(?:now|next|then|please|and)\b[\s,]*)*(?:make|give|create|do|generate|take|get|paint|draw"
    r"|have)(?: me| us)?"
    r" (?:a|an|another|one)\b[^.]*?\b(?:portrait|picture|image|photo|close[- ]?up|close shot|headshot"
    r"|selfie|drawing"
    r"|painting|watercolou?r|sketch|illustration|shot|scene)\b"
)
_PAINTS: Final = _pattern(
    r"\b(?:paint|draw|picture|imagine|create|generate|sketch|illustrate|render|show(?: me)?|depict"
    r"|produce|design)\b"
)
_OF_PICTURE: Final = _pattern(
    r"\b(?:paint|colou?r) the (?:\w+ )?\w+(?: on the (?:left|right))?['’]s\b"
    r"|\b(?:paint|draw|sketch|render|repaint|redraw|show|picture|create|generate|depict"
    r"|illustrate|convert)\s+(?:it|this|that"
    r"|him|her|them|his|the (?:picture|image|scene|same|background|photo|sky|wall)|(?:\w+ )?(?:on|onto"
    r"|over|around|behind|above"
    r"|in|into) (?:it|him|her|them|the (?:picture|image|background)))\b|\b(?:on|onto|to|around|behind"
    r"|beside|over|above|in"
    r"|into|near) (?:it|him|her|them)\b(?! (?:is|are))"
)
_NEW: Final = _pattern(
    r"\b(?:another|new|different|separate|fresh) (?:picture|image|photo|wish|scene|one|painting|drawing"
    r"|idea)\b"
    r"|\bforget about (?:this|that|it)\b|\bnext (?:is|up)\b|^next,? (?:i (?:need|want)"
    r"|comes?)\b|\bsomething (?:else|different|new)\b"
    r"|\bleave that for now\b"
)
_NOUN_PHRASE: Final = _pattern(
    r"^(?:an?|two|three|four|some|(?:the|this|in the) (?:image|picture|photo|painting|drawing|portrait)"
    r"|(?:this|it) is a)\b"
)
_PICTURE: Final = _pattern(
    r"\b(?:picture|image|photo|portrait|painting|drawing|close[- ]?up|sketch|headshot)\b"
)
_COMPARES: Final = _pattern(
    r"\b(?:more|less|a (?:little|bit|touch)|slightly|(?:much|even|too) (?!much\b)\w+(?=[.!?]*$"
    r"| please))\b|^\w+er\b|\b(?:brighter|darker|bigger|smaller)\b"
)
_WISHES: Final = _pattern(
    r"\b(?:needs?|should(?: have| be)?|could (?:use|be|have)|must|ought to|wants? to be|has to|is missing"
    r"|are missing"
    r"|would look|lacks?|can (?:his|her|its|the|he|she|it|they))\b"
)
_QUESTION: Final = _pattern(
    r"^(?:(?:and|so|now|well|look at this[^.]*\.|this one is[^.]*\.)\s*)*(?:(?:in|on|at|from|for|with|to"
    r"|of) (?=what|which|whose))?(?:what|which|who|whose|whom|where|when|why|how|is"
    r"|are|was|were|does|do(?= (?:you|they|we|i|the|all|both|any|she|he)\b)|did|has|have you|tell me"
    r"|describe|say|name the|count)\b"
)
_TELLS: Final = _pattern(r"(?:tell me|describe|say)\b(?! me)")
_ASKS_LAST: Final = _pattern(r",\s*(?:is|are|was|were|does|do|did|has|have) (?:it|they|she|he|the)\b.*\?$")
_WHAT_IS_SEEN: Final = _pattern(r"what (?:we|you) see(?::| is\b)")
_ASKS_PICTURE: Final = _pattern(
    r"\blook(?:s)? (?:like|up close|from)\b.*\b(?:close|near|detail)|\bhow does .* look from\b"
)
_CHAT: Final = _pattern(
    r"\b(?:thanks?|thank you|lovely|perfect|great|well done|wonderful|nice|good|fine|beautiful|excellent"
    r"|awesome|wow|ok"
    r"|okay|wait|thinking|remember|keep (?:everything )?in mind|hello|hi|hey|love it|like it|exactly"
    r"|turned out|good job|come back to it)\b"
)
_NAMES: Final = _pattern(
    r"\b(?:is|are) (?:called|named)\b|\bnames?\b|\b(?:on|to) (?:the|your) (?:left|right)\b.*\b(?:is"
    r"|you see|stands)\b"
    r"|\b(?:is|are|stands) (?:on|to) the (?:left|right)\b|\bon the (?:left|right)(?:,| and|\.|$)"
    r"|\bthe (?:one|other|person|woman|man|girl|boy)\b.*\bis [A-Z]"
)


def is_new(text: str) -> bool:
    """Whether the text asks for a new picture, whatever is in view."""
    return _NEW.search(text) is not None


def is_portrait(text: str) -> bool:
    """Whether the text asks for a close-up, or for a picture of somebody alone."""
    bare = without_lead(text)
    if _CHANGES.match(bare) and not _MAKES.match(bare):
        return False
    return _PORTRAIT.search(bare) is not None or _ONLY.match(text) is not None


def is_change(text: str) -> bool:
    """Whether a text asks to change the picture in view."""
    bare = without_lead(text)
    if _NEW.search(text) or _MAKES.match(bare):
        return False
    if _CHANGES.match(bare) or _OF_PICTURE.search(bare) or _WISHES.search(bare):
        return True
    if _PAINTS.match(bare):
        return False
    if _NOUN_PHRASE.match(bare):
        is_led = bare != text.strip()
        return _COMPARES.search(bare) is not None or (is_led and _PICTURE.search(bare) is None)
    return begins_change(bare) or _COMPARES.search(bare) is not None


_OF_SOMEBODY: Final = _pattern(
    r"^(?:she\b(?!['’]s)(?! (?:should|needs?|could|must|ought|has to|wants|can|is missing|would look"
    r"|lacks?)\b)"
    r"|.*\b(?:see|imagine|picture|show|paint|draw)(?: me)? she\b(?!['’]s))"
)


def is_scene_of(text: str) -> bool:
    """Whether a person is wanted in a scene of their own; names in `text` are written "she"."""
    return _OF_SOMEBODY.match(text) is not None


def is_scene(text: str) -> bool:
    """Whether the text describes a new picture."""
    bare = without_lead(text)
    return (
        _NEW.search(text) is not None
        or _MAKES.match(bare) is not None
        or _PAINTS.match(bare) is not None
        or _NOUN_PHRASE.match(bare) is not None
        or _PAINTS.search(bare) is not None
    )


def is_question(text: str) -> bool:
    """Whether a text wants words, not a picture."""
    bare = text.strip()
    if _WHAT_IS_SEEN.match(bare):
        return False
    if _ASKS_PICTURE.search(bare):
        return False
    if _ASKS_LAST.search(bare):
        return True
    asks = _QUESTION.match(bare) or _TELLS.match(without_lead(bare))
    return asks is not None and not _WISHES.search(bare)


def is_talk(text: str) -> bool:
    """Whether the text asks for nothing: thanks, a pause."""
    return _CHAT.search(text) is not None and not text.strip().endswith("?")


def is_introduction(text: str) -> bool:
    """Whether a text says who is who."""
    return _NAMES.search(text) is not None


_PAUSE: Final = _pattern(
    r"\b(?:wait|give me) (?:a |one )?(?:moment|second|minute|sec)\b|\bhold on\b|\bin mind\b"
    r"|\bi am (?:still )?thinking\b"
)


def is_pause(text: str) -> bool:
    """Whether the user only wants time, or asks to remember."""
    return _PAUSE.search(text) is not None
