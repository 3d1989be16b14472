"""What chat clients ask a model for behind the user's back: titles, tags, follow-up questions.

Open WebUI sends such requests to the model that the user talks to. They are answered here, from the words of
the chat, so that no picture is painted for them and no conversation is begun. Knows their wording only.
"""

from __future__ import annotations

import json
import re
from typing import Final

TITLE_WORDS: Final = 6
_TASK: Final = re.compile(r"\s*### Task:\s")
_HISTORY: Final = ("<chat_history>", "</chat_history>")
_USER: Final = "user:"


def is_housekeeping(text: str, task: str | None) -> bool:
    """Whether this is no wish of a person's: a header names a task, or the words are those of one."""
    return bool(task) or _TASK.match(text) is not None


def housekeeping_answer(text: str, task: str | None) -> str:
    """JSON in the form that was asked for: a title from the user's first words, and nothing for the rest."""
    wanted = f"{task or ''} {text[:2000]}".lower()
    if "title" in wanted:
        return json.dumps({"title": _title(text)}, ensure_ascii=False)
    for word, empty in (("tags", "tags"), ("follow", "follow_ups"), ("quer", "queries")):
        if word in wanted:
            return json.dumps({empty: []})
    return ""


def _title(text: str) -> str:
    _, _, after = text.partition(_HISTORY[0])
    history, end, _ = after.partition(_HISTORY[1])
    words = _first_words(history if end else text).split()
    title = " ".join(words[:TITLE_WORDS]).rstrip(".,;:!? ")
    return title if len(words) <= TITLE_WORDS else f"{title} …"


def _first_words(history: str) -> str:
    """What the user said first: the rest of the first line of "USER:", or the next line with words."""
    lines = iter(history.splitlines())
    for line in lines:
        if line.strip().lower().startswith(_USER):
            return line.strip()[len(_USER) :].strip() or next((one for one in lines if one.strip()), "")
    return "A picture"
