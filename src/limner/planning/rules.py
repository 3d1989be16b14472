"""The planner that knows English by rules: names followed, every family of ways back, explicit addresses.

It reads what `dialogue/reaching.py` and `acts.py` tell of a text and resolves it against the album and the
persons. What it does not understand it asks about and never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from limner.dialogue.parts import Instruction, Round
from limner.dialogue.reaching import Reach, read_reach
from limner.dialogue.ways_back import Way
from limner.planning import acts
from limner.planning.album import OPENER, Album, Made, without_naming, without_pointing
from limner.planning.borrowing import Borrowed, borrowed, returned
from limner.planning.branches import with_branches
from limner.planning.faces import Faces, Sides
from limner.planning.going_back import Unclear, resolve
from limner.planning.persons import Persons
from limner.planning.plan import Person, Plan
from limner.planning.standalone import as_standalone

_HANDLE: Final = re.compile(r"@(?=[^\W\d_])(?!(?:picture|image|photo)\s*#?\d)", re.IGNORECASE)
_DONE: Final = "Here is the picture."
_AGAIN: Final = "Here is that picture again."
_HEARD: Final = "I will remember it."
_UNHEARD: Final = re.compile(
    r"\b(?:back|again|before that|earlier|previous(?:ly)?|instead|undo|once more|revert)\b", re.IGNORECASE
)
# Words of a way back that was not understood: whatever else is said, it is not guessed.
_LOST: Final = re.compile(
    r"\b(?:(?:go|going|get|roll|step|wind|move|jump|skip|switch|take (?:it|me|us)) back(?:wards?)?\b"
    r"(?! (?:and forth|to (?:front|back)))"
    r"|(?:picture|image|version|photo) .*\b(?:again|once more)|undo|revert|rewind|backtrack"
    r"|rollback|where (?:we|you) (?:were|left)|(?:like|as|how it was) before"
    r"|(?:earlier|previous|former|prior) (?:one|version|picture|image|state)|scratch that"
    r"|start (?:over|afresh))\b",
    re.IGNORECASE,
)
_UNCLEAR: Final = "I do not understand which picture is meant; say it in other words."
_SHORT_WORDS: Final = 4
_MOST_WORDS_UNHEARD: Final = 12  # a longer text describes: "hair tied back"


@dataclass(frozen=True, kw_only=True)
class RulesPlanner:
    """Args:
    faces: tells who stands where in a picture when words do not; None leaves such persons without a side.
    """

    faces: Faces | None = None
    name: str = "planner rules"

    def plan(self, rounds: Sequence[Round], instruction: Instruction, *, target: int | None = None) -> Plan:
        """See `Planner.plan`."""
        album = with_branches(rounds, instruction, _made)
        return _Reading(album, Persons(album), Sides(album, self.faces), instruction, target).plan()


def _made(album: Album, persons: Persons, instruction: Instruction) -> Made | None:
    """How the picture came about that answered `instruction`; None when it was not understood."""
    target = None if instruction.region is None else album.current or None  # as `PlannedPainter` has it
    reading = _Reading(album, persons, Sides(album, None), instruction, target)
    plan, said = reading.plan(), without_naming(instruction.text)
    match plan.act:
        case "recall":
            return Made(base=plan.base or 0, again=True)
        case "edit":
            return Made(base=plan.base or 0, done=said if reading.reached is None else reading.reached.change)
        case "paint" | "portray":
            return Made(done=said)
    return None


class _Reading:
    """One instruction being understood."""

    def __init__(
        self, album: Album, persons: Persons, sides: Sides, instruction: Instruction, target: int | None
    ) -> None:
        self.album, self.persons, self.sides, self.target = album, persons, sides, target
        self.reached: Reach | None = None  # the way back that was taken
        told = instruction.text if target is None else without_pointing(target, instruction.text)
        text = without_naming(told)
        self.text = OPENER.sub("", text, count=1).strip() if album.given else text
        self.plain = _HANDLE.sub("", self.text)
        named = persons.named_in(self.plain, list(album.names))
        strangers = [name for name in named if name not in persons.found]
        if strangers:
            persons = self.persons = Persons(album, strangers)
        self.known = [persons.found[name] for name in named if name in persons.found]
        self.unknown = [name for name in named if name not in persons.found]
        is_short = len(self.plain.split()) <= _MOST_WORDS_UNHEARD
        self.is_unheard = is_short and _UNHEARD.search(self.plain) is not None
        self.is_lost = _LOST.search(self.plain) is not None and not album.given
        # Names are no words of a wish: they would be read as such.
        self.bare = self.plain
        for name in sorted(named, key=len, reverse=True):
            self.bare = re.sub(rf"\b{re.escape(name)}\b", "she", self.bare, flags=re.IGNORECASE)

    def plan(self) -> Plan:
        if not self.text:
            return Plan(act="listen", reply="I see it." if self.album.given else _HEARD)
        if self.target is not None:
            return self._of_target(self.target)
        is_question = acts.is_question(self.bare)
        is_talk = (
            acts.is_talk(self.plain) and not acts.is_change(self.plain) and not acts.is_scene(self.plain)
        )
        if acts.is_pause(self.plain):
            return Plan(act="listen", reply=_HEARD)
        if is_question and self.known and not acts.is_portrait(self.bare):
            return self._answer(self.known, self._picture_with(self.known[0]) or None)
        lent = borrowed(self.plain)
        if lent is not None:
            return self._borrow(lent)
        back = returned(self.plain, self.album)
        if back is not None:
            return self._edit(self.album.current, _by(self.plain), (back,))
        reach = read_reach(self.plain, list(self.album.names))
        if reach is not None:
            try:
                base = resolve(reach, self.album)
            except Unclear as unclear:
                if not (reach.way is Way.DESCRIBED and reach.change) or self.is_unheard:
                    return Plan(act="ask", reply=str(unclear))
            else:
                return self._go_back(reach, base, is_question)
        if reach is None and self.is_lost and not is_question and self.album.rounds:
            return Plan(act="ask", reply=_UNCLEAR)
        if is_talk and not self.known:
            return Plan(act="listen", reply=_HEARD)
        if is_question:
            if not self.album.current:
                return Plan(act="answer", instruction=self.plain)
            return self._answer(self.known, self.album.current)
        return self._with_persons() if self.known or self.unknown else self._without_persons()

    def _of_target(self, target: int) -> Plan:
        """The user points at a picture."""
        self.album.at(target)
        if acts.is_question(self.bare):
            return self._answer(self.known, target)
        if self.known and acts.is_portrait(self.bare):
            return self._portray(shown=(target,))
        reach = read_reach(self.plain, list(self.album.names))
        if reach is not None and not reach.change:
            return Plan(act="recall", base=target, reply=_AGAIN)
        return self._edit(target, self.plain if reach is None else reach.change)

    def _borrow(self, lent: Borrowed) -> Plan:
        """Other pictures are gone by, or made into one."""
        numbers = [number for number in (lent.base, *lent.shown) if number is not None]
        missing = [number for number in numbers if not 1 <= number <= len(self.album)]
        if missing:
            told = f"There is no picture {missing[0]}; so far there are {len(self.album)}."
            return Plan(act="ask", reply=told)
        if lent.asks:
            return Plan(act="answer", shown=lent.shown, instruction=lent.told(1))
        if lent.anew:
            told = as_standalone(lent.told(1), (), {})
            return Plan(act="paint", shown=lent.shown, instruction=told, reply=_DONE)
        base = lent.base or (self._picture_with(self.known[0]) if self.known else self.album.current)
        return self._edit(base, lent.told, lent.shown)

    def _go_back(self, reach: Reach, base: int, is_question: bool) -> Plan:
        self.reached = reach
        why = f"It reaches back ({reach.way.value}) to picture {base}."
        if not reach.change:
            return Plan(act="recall", base=base, reply=_AGAIN, why=why)
        if is_question:
            return replace(self._answer(self.known, base), instruction=reach.change)
        if self.known and acts.is_portrait(self.bare):
            return self._portray(shown=(base,))
        return replace(self._edit(base, reach.change), why=why)

    def _with_persons(self) -> Plan:
        if self.known and acts.is_portrait(self.bare):
            return self._portray()
        if self.known and acts.is_change(self.bare) and not acts.is_scene_of(self.bare):
            given = self.album.given
            base = given[-1].number if given else self._picture_with(self.known[0])
            return self._edit(base, self.plain)
        if self.album.current and acts.is_introduction(self.plain) and not acts.is_scene(self.plain):
            return Plan(act="listen", reply=_HEARD)
        if self.known:
            return self._portray()
        stranger = self.unknown[0]
        num_others = len([word for word in re.findall(r"\w+", self.bare) if word != "she"])
        is_asked_for = acts.is_portrait(self.bare) or self.is_unheard
        if is_asked_for and num_others <= _SHORT_WORDS + 3 and not self.album.given:
            return Plan(act="ask", reply=f"I know nobody called {stranger}; who is that?")
        return self._without_persons()

    def _without_persons(self) -> Plan:
        text, given = self.plain, self.album.given
        in_view = self.album.current
        if acts.is_new(text):
            return self._paint(text)
        if in_view and acts.is_change(self.bare):
            return self._edit(given[-1].number if given else in_view, text)
        if in_view and acts.is_introduction(text) and not acts.is_scene(text):
            return Plan(act="listen", reply=_HEARD)
        if acts.is_scene(text):
            return self._paint(text)
        if acts.is_talk(text):
            return Plan(act="listen", reply=_HEARD)
        if in_view and not self.is_unheard:
            return self._edit(in_view, text)
        if not in_view and not self.is_unheard:
            return self._paint(text)
        return Plan(act="ask", reply=_UNCLEAR)

    def _answer(self, people: Sequence[Person], base: int | None) -> Plan:
        return Plan(act="answer", base=base, people=self._placed(people), instruction=self.plain)

    def _paint(self, text: str) -> Plan:
        shown = tuple(one.number for one in self.album.given)
        told = as_standalone(text, (), {})
        return Plan(act="paint", shown=shown, instruction=told, reply=_DONE)

    def _portray(self, shown: tuple[int, ...] = ()) -> Plan:
        unseen = [one.name for one in self.known if not one.picture]
        if unseen:
            return Plan(act="ask", reply=f"{unseen[0]} was not seen in any picture yet; describe them.")
        people = self._placed(self.known)
        words = {
            one.name: f"the {one.noun} of reference {number}" for number, one in enumerate(people, start=1)
        }
        told = as_standalone(self.plain, self.persons.found.values(), words)
        return Plan(act="portray", people=people, shown=shown, instruction=told, reply=_reply(people))

    def _edit(self, base: int, text: str | Callable[[int], str], by: tuple[int, ...] = ()) -> Plan:
        """A change of `base`. Pictures in `by` are shown along; `text` is told the number of the first."""
        strangers = [one for one in self.known if one.picture and not self._shows(base, one)]
        people = self._placed(strangers)
        words = {one.name: self.sides.described(one, base) for one in self._placed(self.known)}
        words |= {
            one.name: f"the {one.noun} of reference {number}" for number, one in enumerate(people, start=1)
        }
        said = text if isinstance(text, str) else text(len(people) + 1)
        told = as_standalone(said, self.persons.found.values(), words)
        given = tuple(one.number for one in self.album.given if one.number not in (base, *by))
        shown = (*by, *given)
        return Plan(act="edit", base=base, people=people, shown=shown, instruction=told, reply=_DONE)

    def _placed(self, people: Sequence[Person]) -> tuple[Person, ...]:
        return tuple(self.sides.placed(one, self.persons.found.values()) for one in people)

    def _shows(self, number: int, person: Person) -> bool:
        """Whether a picture goes back to the one that shows a person."""
        while number and number != person.picture:
            number = self.album.at(number).base
        return number > 0

    def _picture_with(self, person: Person) -> int:
        """The newest picture that goes back to the one that shows a person, else the one in view."""
        for one in reversed(self.album.shown):
            if self._shows(one.number, person):
                return one.number
        return self.album.current


def _by(text: str) -> Callable[[int], str]:
    """The text, and that a reference shows what is meant."""
    bare = text.rstrip(" .!")
    return lambda first: f"{bare}, as in reference {first}"


def _reply(people: Sequence[Person]) -> str:
    names = [one.name for one in people]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Here is {told}." if len(names) == 1 else f"Here are {told}."
