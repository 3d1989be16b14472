"""How a text about a scene is written: what is told, then opening, persons and surroundings.

Knows words and scenes. When which length and register are wanted is for `caption.py` to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.chance import chance, pick
from limner_world.company import together
from limner_world.describe import (
    choose_told,
    in_passing,
    join,
    person_sentences,
    pronouns,
    terse_traits,
    unnamed_subjects,
)
from limner_world.names import Name
from limner_world.openings import (
    ASKS,
    ASKS_PICTURE,
    MEDIA,
    QUESTIONS,
    SHOWS,
    SHOWS_PICTURE,
    USUAL_ASKS,
    USUAL_ASKS_PICTURE,
)
from limner_world.places import (
    BACKGROUND_SENTENCES,
    DETAIL_SENTENCES,
    FRAMING_NOUNS,
    LIGHT_PHRASES,
    LIGHT_SENTENCES,
    LONE_DOINGS,
    ONE_SIDED,
    PAIR_DOINGS,
    PLACE_NOUNS,
    PLACE_PHRASES,
    STYLE_NOUNS,
    STYLE_PHRASES,
    USUAL_FRAMING_NOUNS,
    USUAL_FRAMING_PHRASES,
    USUAL_PLACE_PHRASES,
    USUAL_STYLE_NOUNS,
    USUAL_STYLE_PHRASES,
)
from limner_world.scene import Scene
from limner_world.wording import AGE_NOUNS, OTHER_NOUNS, with_article

# In the register "usual": of pairs without names, how often one word stands for both ("a couple"); of persons
# without names, how often what they look like stands beside the noun ("a man with a beard in a suit").
_AS_ONE: Final = 0.6
_IN_PASSING: Final = 0.5
_OTHER_NOUN: Final = 0.12
# Of persons with names, how often what they look like stands beside the name ("Mia, a woman with red hair").
_APPOSED: Final = 0.5
# In that register, too: of persons with names, how often no opening stands before what they look like; of
# signs, how often they stand in the opening; of pairs that both smile, how often that is what they do.
_NO_OPENING: Final = 0.25
_NO_ARTICLE: Final = 0.4  # "Portrait of a man"
_SIGN_AT_ONCE: Final = 0.5
_SMILING: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A text about a scene and what it claims.

    `stated` holds for each figure, left to right, the field names of Traits it tells (plus "holding" and
    "side");
    `stated_scene` the told ones of "setting", "style", "lighting", "framing", "interaction", "written_word".
    """

    text: str
    stated: tuple[frozenset[str], ...]
    stated_scene: frozenset[str]

    @property
    def num_words(self) -> int:
        """Words as separated by blanks."""
        return len(self.text.split())


class CaptionWriter:
    """One text in the making: draws what is told, then writes opening, persons and surroundings."""

    def __init__(
        self,
        rng: np.random.Generator,
        scene: Scene,
        names: Sequence[Name] | None,
        length: str,
        register: str,
        sides: bool | None,
        untold: Collection[str],
        frame: bool | None,
    ) -> None:
        self.rng, self.scene, self.names, self.length, self.register = rng, scene, names, length, register
        self.pair, self.usual = len(scene.figures) == 2, register == "usual"
        self.told = [choose_told(rng, figure, scene, length) - set(untold) for figure in scene.figures]
        self.passing: list[frozenset[str]] = [frozenset() for _ in scene.figures]  # said with the noun
        self.frame = frame
        self.place_told = self.light_told = self.style_told = self.sign_told = False
        self.subjects = [str(name) for name in names] if names else unnamed_subjects(scene, rng)
        self.told_scene = self._choose_scene()
        self.sides = ["", ""] if not self.pair else self._choose_sides(sides)
        self.reversed = (
            self.pair and scene.interaction not in ONE_SIDED and all(self.sides) and chance(rng, 0.3)
        )

    def _choose_scene(self) -> set[str]:
        rng, scene = self.rng, self.scene
        told = set()
        if chance(rng, {"bare": 0.7, "short": 0.7, "medium": 0.88, "long": 0.96}[self.length]):
            told.add("setting")
        if chance(rng, 0.96 if scene.style != "storybook" else 0.1):
            told.add("style")
        if chance(rng, 0.92 if scene.lighting != "daylight" else 0.06):
            told.add("lighting")
        rate = 0.5 if scene.framing == "close-up" or (self.usual and scene.framing == "full body") else 0.22
        if chance(rng, rate) if self.frame is None else self.frame:
            told.add("framing")
        if chance(rng, 0.3 if scene.interaction == "none" and self.usual else 0.95):
            told.add("interaction")
        if scene.written_word and chance(rng, 0.95):
            told.add("written_word")
        return told

    def _choose_sides(self, wanted: bool | None) -> list[str]:
        rng = self.rng
        places = ["on the left", "on the right"]
        if wanted is False or (not self.names and self.subjects[0].endswith("on the left")):
            return ["", ""]
        if wanted or chance(rng, {"bare": 0.2, "short": 0.2, "medium": 0.35, "long": 0.5}[self.length]):
            return places if chance(rng, 0.6) else [places[0], ""] if chance(rng, 0.6) else ["", places[1]]
        return ["", ""]

    def caption(self) -> Caption:
        rng = self.rng
        self.in_passing = self.usual and not self.names and chance(rng, _IN_PASSING)
        compact = self.register != "describe" and self.length in ("short", "medium") and chance(rng, 0.15)
        if compact:
            parts = [self._compact()]
        elif self._needs_no_opening() and chance(rng, _NO_OPENING):
            parts = [*self._persons(), *self._surroundings()]
        else:
            parts = [self._opening(), *self._persons(), *self._surroundings()]
        text = " ".join(part for part in parts if part)
        if self.register != "describe" and chance(rng, 0.15 if self.register == "usual" else 0.03):
            text = text.lower().rstrip(".")
        stated = [
            told | ({"side"} if any(self.sides) or self.subjects[0].endswith("left") else set())
            for told in self.told
        ]
        return Caption(
            text=text,
            stated=tuple(frozenset(told) for told in stated),
            stated_scene=frozenset(self.told_scene),
        )

    def _needs_no_opening(self) -> bool:
        """Whether sentences about each person say who and what is to be seen."""
        return bool(self.usual and self.names and all(self.told) and not self.told_scene - {"setting"})

    def _who(self) -> str:
        """The persons as the opening calls them, with what they do."""
        rng, scene, interaction = self.rng, self.scene, self.scene.interaction
        first = [name.introduction for name in self.names] if self.names else self._unnamed_introductions()
        if self.in_passing and self.length in ("short", "medium"):
            first = self._with_looks(first)
        are_names = self.names and not any(name.name.startswith("the ") for name in self.names)
        if self.usual and are_names and chance(rng, _APPOSED):
            first = self._apposed(first)
        if not self.pair:
            doing = pick(rng, LONE_DOINGS[interaction]) if "interaction" in self.told_scene else ""
            return f"{first[0]} {doing}".strip()
        if interaction in ONE_SIDED:
            self.told_scene.add("interaction")
            doing = pick(rng, PAIR_DOINGS[interaction]).format(other=first[1])
            return f"{first[0]} {doing}"
        if self.reversed:
            first.reverse()
        both = ""
        if not self.names and not any(self.sides) and not any(self.passing):
            as_one = self.usual and chance(rng, _AS_ONE)
            both = together(rng, scene.figures) if as_one else self._two_alike()
        both = both or f"{first[0]} and {first[1]}"
        doing = pick(rng, PAIR_DOINGS[interaction]) if "interaction" in self.told_scene else ""
        faces = {figure.person.traits.expression for figure in scene.figures}
        is_said = any("expression" in said for said in self.passing)
        alike = self.usual and interaction == "none" and not is_said
        if alike and faces in ({"smiling"}, {"laughing"}) and chance(rng, _SMILING):
            (doing,) = faces
            self.told = [told | {"expression"} for told in self.told]
            self.passing = [said | {"expression"} for said in self.passing]
        return f"{both} {doing}".strip()

    def _unnamed_introductions(self) -> list[str]:
        nouns = []
        for subject, figure, told in zip(self.subjects, self.scene.figures, self.told, strict=False):
            traits = figure.person.traits
            full = "age" in told or chance(self.rng, 0.3)
            noun = pick(self.rng, AGE_NOUNS[traits.age, traits.presentation])
            if not full:
                noun = subject.removeprefix("the ").split(" on the ")[0]
                if noun in OTHER_NOUNS and self.usual and chance(self.rng, _OTHER_NOUN):
                    noun = pick(self.rng, OTHER_NOUNS[noun])
            nouns.append(with_article(noun))
        return nouns

    def _with_looks(self, introductions: list[str]) -> list[str]:
        """ "a man" as "a man with a beard in a gray suit"; what that tells no sentence tells again."""
        made = []
        for place, introduction in enumerate(introductions):
            fields = self.told[place] - {"age"}
            words = in_passing(self.rng, self.scene.figures[place], introduction, fields)
            if words:
                self.passing[place] = fields
            made.append(words or introduction)
        return made

    def _apposed(self, introductions: list[str]) -> list[str]:
        """ "Mia" as "Mia, a woman with red hair," or "a woman called Mia with red hair"; what that tells no
        sentence tells again.
        """
        form = pick(self.rng, ("{name}, {looks},", "{name}, {looks},", "{name} ({looks})", "called", "named"))
        subjects = unnamed_subjects(self.scene)
        made = []
        for place, introduction in enumerate(introductions):
            traits, fields = self.scene.figures[place].person.traits, self.told[place] - {"age"}
            noun = subjects[place].removeprefix("the ").split(" on the ")[0]
            if "age" in self.told[place]:
                noun = pick(self.rng, AGE_NOUNS[traits.age, traits.presentation])
            head = with_article(noun)
            if "{" not in form:
                head = f"{head} {form} {self.subjects[place]}"
            words = in_passing(self.rng, self.scene.figures[place], head, fields)
            self.passing[place] = fields | {"age"} if words else frozenset({"age"})
            looks = words or head
            made.append(form.format(name=introduction, looks=looks) if "{" in form else looks)
        return made

    def _two_alike(self) -> str:
        first, second = (subject.removeprefix("the ").split(" on the ")[0] for subject in self.subjects)
        plurals = {"woman": "women", "man": "men", "person": "people", "girl": "girls", "boy": "boys"}
        return f"two {plurals[first]}" if first == second and first in plurals else ""

    def _opening(self) -> str:
        rng, scene, told = self.rng, self.scene, self.told_scene
        who = self._who()
        place = ""
        self.place_told = "setting" in told and chance(rng, 0.45)
        if self.place_told:
            place = f" {self._pick(PLACE_PHRASES, USUAL_PLACE_PHRASES, scene.setting)}"
        self.light_told = "lighting" in told and self.place_told and chance(rng, 0.6)
        if self.light_told:
            place += f" {pick(rng, LIGHT_PHRASES[scene.lighting])}"
        self.sign_told = "written_word" in told and self.usual and chance(rng, _SIGN_AT_ONCE)
        if self.sign_told:
            place += f' with a sign that says "{scene.written_word}"'
        framed = ""
        if "framing" in told and self.usual and chance(rng, 0.4):
            framed = f", {pick(rng, USUAL_FRAMING_PHRASES[scene.framing])}"
        self.style_told = "style" in told and chance(rng, 0.6)
        if self.style_told:
            place, who = self._styled(place, who, bool(framed))
        elif "framing" in told and not framed:
            who = f"a {self._pick(FRAMING_NOUNS, USUAL_FRAMING_NOUNS, scene.framing)} of {who}"
        return self._lead_in(who, f"{place}{framed}")

    def _pick(
        self, forms: Mapping[str, tuple[str, ...]], usual: Mapping[str, tuple[str, ...]], word: str
    ) -> str:
        """One of the phrases for a word of the vocabulary, in this text's register."""
        return pick(self.rng, (*forms[word], *(usual.get(word, ()) if self.usual else ())))

    def _lead_in(self, who: str, place: str) -> str:
        """`who` and `place` within one of the opening forms; pictures are not said to show pictures."""
        rng, is_picture = self.rng, who.startswith(MEDIA)
        if self.register != "describe":
            form = pick(rng, self._asks(is_picture))
            if form == "{}" and is_picture and chance(rng, _NO_ARTICLE):
                who = who.removeprefix("a ").removeprefix("an ")
            text = form.format(who) + place + ("?" if form.startswith(QUESTIONS) else ".")
            text = text.replace(",,", ",").replace(",.", ".").replace(",?", "?")
            return f"{text[0].upper()}{text[1:]}"
        if chance(rng, 0.25):
            return self._finite(who, place)
        return pick(rng, SHOWS_PICTURE if is_picture else SHOWS).format(who) + place + "."

    def _asks(self, is_picture: bool) -> tuple[str, ...]:
        if self.register == "usual":
            return USUAL_ASKS_PICTURE if is_picture else USUAL_ASKS
        return ASKS_PICTURE if is_picture else ASKS

    def _styled(self, place: str, who: str, is_framed: bool) -> tuple[str, str]:
        rng, style = self.rng, self.scene.style
        if chance(rng, 0.5):
            if not is_framed:
                self.told_scene.discard("framing")
            return place, f"{with_article(self._pick(STYLE_NOUNS, USUAL_STYLE_NOUNS, style))} of {who}"
        if "framing" in self.told_scene and not is_framed:
            who = f"a {self._pick(FRAMING_NOUNS, USUAL_FRAMING_NOUNS, self.scene.framing)} of {who}"
        return f"{place} {self._pick(STYLE_PHRASES, USUAL_STYLE_PHRASES, style)}", who

    def _finite(self, who: str, place: str) -> str:
        """An opening without "The image shows": "Mia and Tom are hugging.", "A portrait of Mia." """
        if who.startswith("a ") or (not self.names and self.pair):
            return f"{who[0].upper()}{who[1:]}{place}."
        names = [name.introduction for name in self.names] if self.names else []
        if self.pair and self.reversed:
            names.reverse()
        head = (
            " and ".join(names)
            if self.pair and self.scene.interaction not in ONE_SIDED
            else (names or [""])[0]
        )
        if not head or not who.startswith(head):
            return f"{who[0].upper()}{who[1:]}{place}."
        verb = "are" if " and " in head else "is"
        rest = f"{who[len(head) :]}{place}"
        return f"{head[0].upper()}{head[1:]} {verb}{rest}." if rest.strip() else f"A picture of {head}."

    def _persons(self) -> list[str]:
        if not self.names:  # the opening has told the age where it is told at all
            self.told = [told - {"age"} for told in self.told]
        order = [1, 0] if self.reversed else list(range(len(self.scene.figures)))
        return [
            person_sentences(
                self.rng,
                self.scene.figures[place],
                self.subjects[place],
                self.told[place] - self.passing[place],
                self.sides[place],
            )
            for place in order
        ]

    def _surroundings(self) -> list[str]:
        rng, scene, told = self.rng, self.scene, self.told_scene
        parts = []
        if "setting" in told and not self.place_told:
            parts.append(self._background())
        details = DETAIL_SENTENCES[scene.setting]
        if "setting" in told and details and scene.framing != "close-up":
            parts += (
                [pick(rng, details)]
                if chance(rng, {"long": 0.5, "medium": 0.2}.get(self.length, 0.0))
                else []
            )
        if "written_word" in told and not self.sign_told:
            parts.append(
                pick(
                    rng,
                    (
                        'A sign reads "{}".',
                        'There is a sign that says "{}".',
                        'The word "{}" is written on a sign.',
                    ),
                ).format(scene.written_word)
            )
        if "lighting" in told and not self.light_told:
            parts.append(pick(rng, LIGHT_SENTENCES[scene.lighting]))
        if "style" in told and not self.style_told:
            noun = with_article(pick(rng, STYLE_NOUNS[scene.style]))
            form = pick(rng, ("The picture is {}.", "It is {}.", "The image looks like {}."))
            if self.register != "describe":
                form = pick(rng, ("Make it {}.", "It should be {}.", "The picture is {}."))
            parts.append(form.format(noun))
        return parts

    def _background(self) -> str:
        rng, setting = self.rng, self.scene.setting
        they = pronouns(self.scene.figures[0].person.traits)
        words = {"them": "them", "They": "They", "are": "are"}
        if not self.pair:
            words = {"them": they.object, "They": they.subject.capitalize(), "are": "is"}
        form = pick(rng, BACKGROUND_SENTENCES[:3] if setting == "white" else BACKGROUND_SENTENCES)
        return form.format(pick(rng, PLACE_NOUNS[setting]), place=pick(rng, PLACE_PHRASES[setting]), **words)

    def _compact(self) -> str:
        """A request in note form: "Mia (red curly hair) and Tom (gray suit) hugging in a garden,
        watercolor".
        """
        rng, scene, told = self.rng, self.scene, self.told_scene
        heads = [name.introduction for name in self.names] if self.names else self._unnamed_introductions()
        shown = []
        for place, head in enumerate(heads):
            worn = self.told[place] - {"age", "expression", "holding"}
            self.told[place] = frozenset(worn)
            words = terse_traits(rng, scene.figures[place].person.traits, worn)
            side = self.sides[place].removeprefix("on the ")
            notes = ", ".join(note for note in (side, words) if note)
            shown.append(f"{head} ({notes})" if notes else head)
        one_sided = self.pair and scene.interaction in ONE_SIDED
        doings = PAIR_DOINGS if self.pair else LONE_DOINGS
        if one_sided:
            text = f"{shown[0]} {pick(rng, doings[scene.interaction]).format(other=shown[1])}"
        else:
            text = join(shown)
            if "interaction" in told:
                text = f"{text} {pick(rng, doings[scene.interaction])}".strip()
        if "setting" in told:
            text += f" {self._pick(PLACE_PHRASES, USUAL_PLACE_PHRASES, scene.setting)}"
        if "lighting" in told:
            text += f", {pick(rng, LIGHT_PHRASES[scene.lighting])}"
        if "style" in told:
            text += f", {scene.style}"
        if "written_word" in told:
            text += f', with a sign that says "{scene.written_word}"'
        told.discard("framing")
        return f"{text[0].upper()}{text[1:]}{pick(rng, ('', '.'))}"
