"""Is the answer right? Answers compared by what they say, not by how they are written.

Knows what was said, the true answer and, where given, the question and the names of a dialogue. Knows
nothing about pictures. The rules, in order:

1. Case, punctuation, articles, plurals, spelling (gray, grey), number words (two, 2), the world's synonyms
   (hoodie, hooded sweatshirt) and words that say nothing ("She is wearing ...") do not matter.
2. A true answer that begins with yes or no asks for the same yes or no ("It is not" is a no, "She does" a
   yes). What follows need not be said; where both say more, it has to agree.
3. Any other true answer has to be said whole: "striped" does not answer "a red striped sweater".
4. And nothing that contradicts it: no other word of the world's vocabulary, number, side, name or negation,
   unless the question had it. "Red or blue" does not answer "red", "not red" neither.
5. Persons are the same by any part of a name that no other person has; "both of them" is naming both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from limner.dialogue.words import TITLES
from limner.evaluation.metrics.answer_words import NEGATIONS, plain_words, spoken_words, vocabulary
from limner.evaluation.metrics.metric import Metric

METRIC = Metric(
    name="answers",
    source="share of questions whose answer, normalised, agrees with the true one (as in VQA, Antol 2015)",
    range=(0.0, 1.0),
    better="higher",
)
_YES: Final = frozenset({"yes", "yeah", "yep"})
_NO: Final = frozenset({"no", "nope"})


def answer_matches(said: str, truth: str, *, question: str = "", names: Sequence[str] = ()) -> bool:
    """Whether `said` gives the true answer `truth`, by the rules above.

    Args:
        said: what was answered, a word or sentences.
        truth: the true answer in the world's words.
        question: what was asked; its words may stand in the answer.
        names: all persons of the dialogue. Without them, a true answer of words that the world does not know
            (a name) allows no further word but those of the question.
    """
    if plain_words(said) == plain_words(truth):
        return True
    told, true = (_with_names(plain_words(text), names) for text in (said, truth))
    asked = _with_names(plain_words(question), names)
    free = set(spoken_words(asked)) - NEGATIONS
    if "or" in asked:  # alternatives to choose from, not words to repeat
        free = {word for word in free if word.startswith("@")}
    wanted = _polarity(true)
    if wanted is None:
        return _says(spoken_words(told), spoken_words(true), free, names)
    if _polarity(told, spoken=True) is not wanted:
        return False
    more, needed = (
        [word for word in spoken_words(words) if word not in {*_YES, *NEGATIONS} and word not in free]
        for words in (told, true)
    )
    more = [word for word in more if _competes(word)]
    return not more or not needed or _says(more, needed, free, names)


def _says(told: Sequence[str], true: Sequence[str], free: set[str], names: Sequence[str]) -> bool:
    """Rules 3 to 5."""
    everybody = {f"@{place}" for place in range(len(names))}
    if "both" in true and len(everybody) > 1 and everybody <= set(told):
        told = [*(word for word in told if word not in everybody), "both"]
    if not true or not set(true) <= set(told):
        return False
    extra = set(told) - set(true) - free
    return not any(map(_competes, extra)) if all(map(_competes, true)) else not extra


def _competes(word: str) -> bool:
    """Whether a word could be another answer: of the world's vocabulary, or a name."""
    return word in vocabulary() or word.startswith("@")


def _polarity(words: Sequence[str], *, spoken: bool = False) -> bool | None:
    """True for yes, False for no, None when it is neither; `spoken` also reads "she does" and "it is not"."""
    if words and words[0] in _YES:
        return True
    if words and words[0] in _NO:
        return False
    if not spoken or not words:
        return None
    if any(word in NEGATIONS for word in words):
        return False
    return True if not spoken_words(words) else None


def _with_names(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """`words` with every mention of person n, by any part of the name, as one "@n"."""
    parts = [
        [word for word in plain_words(name) if word not in TITLES] or plain_words(name) for name in names
    ]
    owners: dict[str, set[str]] = {}
    for place, own in enumerate(parts):
        for part in own:
            owners.setdefault(part, set()).add(f"@{place}")
    found: list[str] = []
    for word in words:
        mention = owners.get(word, {word})
        if len(mention) > 1:  # a surname that both have tells nobody apart
            continue
        (mine,) = mention
        if mine.startswith("@"):
            while found and (found[-1] in TITLES or found[-1] == mine):
                found.pop()
        found.append(mine)
    return found
