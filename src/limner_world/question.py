"""Questions about a scene and their exact short answers: who, what, which colour, how many, where.

With `told` only what a text has stated is asked (for dialogues without pictures); without it all that can be
seen. Knows nothing about dialogues.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.chance import chance, pick, weighted
from limner_world.describe import pronouns, unnamed_subjects
from limner_world.person import COLOURS, HAIR_COLOURS
from limner_world.places import PLACE_PHRASES
from limner_world.scene import Figure, Scene
from limner_world.staging import visible_traits
from limner_world.wording import (
    GARMENT_COLOURED,
    HEADWEAR_FORMS,
    plain_garment,
    plain_thing,
    plain_value,
    with_article,
)

Box = tuple[float, float, float, float]

# {x} is the person's name or reference, {g} the garment, {n} what is asked about.
_ASK: Final[dict[str, tuple[str, ...]]] = {
    "hair_colour": (
        "What colour is {x}'s hair?",
        "What color is {x}'s hair?",
        "What is {x}'s hair colour?",
        "Which hair colour does {x} have?",
        "What hair color does {x} have?",
    ),
    "hair_style": (
        "What is {x}'s hairstyle?",
        "What kind of hair does {x} have?",
        "How is {x}'s hair styled?",
    ),
    "skin": ("What is {x}'s skin tone?", "What skin does {x} have?"),
    "facial_hair": ("What facial hair does {x} have?", "Which facial hair does {x} wear?"),
    "glasses": ("What glasses does {x} wear?", "Which glasses is {x} wearing?"),
    "headwear": (
        "What is {x} wearing on the head?",
        "What does {x} have on the head?",
        "What is on {x}'s head?",
    ),
    "jewellery": ("What jewellery does {x} wear?", "What jewelry is {x} wearing?"),
    "neckwear": ("What is {x} wearing around the neck?", "What does {x} have around the neck?"),
    "garment": ("What is {x} wearing?", "What does {x} wear?", "What clothes does {x} wear?"),
    "garment_colour": (
        "What colour is {x}'s {g}?",
        "What color is {x}'s {g}?",
        "Which colour does {x}'s {g} have?",
    ),
    "garment_pattern": ("What pattern does {x}'s {g} have?", "What is the pattern of {x}'s {g}?"),
    "expression": ("What is {x}'s expression?", "What expression does {x} have?", "How does {x} look?"),
    "make_up": ("What makeup does {x} wear?", "Which makeup is {x} wearing?"),
    "holding": ("What is {x} holding?", "What does {x} hold?", "What does {x} have in the hand?"),
    "side": ("Which side is {x} on?", "On which side is {x}?", "Is {x} on the left or on the right?"),
    "age": ("How old does {x} look?", "What is {x}'s age group?"),
}
_WHO: Final[dict[str, tuple[str, ...]]] = {
    "hair_colour": ("Who has {n} hair?", "Which one has {n} hair?", "Whose hair is {n}?"),
    "hair_style": ("Who has {n} hair?", "Which of the two has {n} hair?"),
    "skin": ("Who has {n} skin?", "Which of the two has {n} skin?"),
    "facial_hair": ("Who has {n}?", "Which one has {n}?"),
    "glasses": ("Who wears {n}?", "Who is wearing {n}?", "Which one wears {n}?"),
    "headwear": ("Who wears {n}?", "Who is wearing {n}?", "Who has on {n}?"),
    "jewellery": ("Who wears {n}?", "Who is wearing {n}?"),
    "neckwear": ("Who wears {n}?", "Who has {n}?"),
    "garment": ("Who wears {n}?", "Who is wearing {n}?", "Which one wears {n}?", "Who is the one in {n}?"),
    "garment_colour": ("Who is dressed in {n}?", "Who wears {n}?"),
    "holding": ("Who is holding {n}?", "Who holds {n}?"),
    "side": ("Who is {n}?", "Who stands {n}?", "Which person is {n}?"),
    "expression": ("Who is {n}?",),
}
_STYLED: Final = {
    "bun": "In a bun",
    "ponytail": "In a ponytail",
    "braids": "In two braids",
    "bald": "Bald",
}
_WHERE_ASK: Final = (
    "Where is {x}?",
    "Where can I see {x}?",
    "Point to {x}.",
    "Find {x} in the picture.",
    "Show where {x} is.",
)
_WHERE_SAY: Final = ("{X} is here: {b}", "{X} is at {b}", "Here is {x}: {b}", "{b}")
_WEIGHTS: Final = {"what": 0.5, "who": 0.24, "yes": 0.12, "scene": 0.14}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with its answer. `field` is what it asks about, `place` whom (None: the whole scene, or,
    where it asks who, everybody).
    """

    question: str
    answer: str
    field: str
    place: int | None = None
    box: Box | None = None


def random_question(
    scene: Scene,
    rng: np.random.Generator,
    names: Sequence[object] | None = None,
    *,
    told: Sequence[Collection[str]] | None = None,
    told_scene: Collection[str] | None = None,
    topics: Collection[str] = ("what", "who", "yes", "scene"),
) -> Asked:
    """A random question about `scene`, people called by `names` (in figure order) or by what they look like.

    `told` / `told_scene` limit it to stated fields; `topics` to some of "what", "who", "yes", "scene". Falls
    back on the number of persons when nothing else can be asked.
    """
    asker = _Asker(scene, rng, names, told, told_scene)
    weights = {topic: weight for topic, weight in _WEIGHTS.items() if topic in topics}
    while weights:
        topic = weighted(rng, weights)
        asked = asker.ask(topic)
        if asked is not None:
            return asked
        del weights[topic]
    return asker.how_many()


def where_question(
    rng: np.random.Generator, subject: str, box: Box, box_text: Callable[[Sequence[float]], str], place: int
) -> Asked:
    """A question for the place of `subject`, answered with `box` as text."""
    say = pick(rng, _WHERE_SAY).format(X=subject[0].upper() + subject[1:], x=subject, b=box_text(box))
    return Asked(
        question=pick(rng, _WHERE_ASK).format(x=subject), answer=say, field="box", place=place, box=box
    )


class _Asker:
    def __init__(
        self,
        scene: Scene,
        rng: np.random.Generator,
        names: Sequence[object] | None,
        told: Sequence[Collection[str]] | None,
        told_scene: Collection[str] | None,
    ) -> None:
        self.scene, self.rng, self.named = scene, rng, names is not None
        self.subjects = [str(name) for name in names] if names is not None else unnamed_subjects(scene, rng)
        self.pair = len(scene.figures) == 2
        self.seen = told is None
        self.told = (
            [set(fields) for fields in told]
            if told is not None
            else [
                {*visible_traits(figure, scene), *(("side",) if self.pair else ())}
                for figure in scene.figures
            ]
        )
        self.told_scene = (
            set(told_scene)
            if told_scene is not None
            else {"setting", "style", "lighting", "interaction", "count"}
        )

    def ask(self, topic: str) -> Asked | None:
        return {"what": self.what, "who": self.who, "yes": self.yes_no, "scene": self.about_scene}[topic]()

    def what(self) -> Asked | None:
        """What one trait of one person is."""
        rng = self.rng
        choices = [(place, f) for place, told in enumerate(self.told) for f in sorted(told) if f in _ASK]
        if not self.named and self.subjects[0].endswith("left"):
            choices = [(place, f) for place, f in choices if f != "side"]
        if not self.seen:
            choices = [c for c in choices if c[1] != "age"]
        if not choices:
            return None
        place, field = pick(rng, choices)
        answer = answer_of(self.scene.figures[place], field, self.told[place], place)
        if not answer:
            return None
        subject = self.subjects[place]
        traits = self.scene.figures[place].person.traits
        garment = traits.garment if "garment" in self.told[place] else "clothes"
        question = pick(rng, _ASK[field]).format(x=subject, g=garment)
        return Asked(question=question, answer=f"{answer[0].upper()}{answer[1:]}.", field=field, place=place)

    def who(self) -> Asked | None:
        """Which of two has something; "Both." when both have it."""
        if not self.pair:
            return None
        fields = sorted(f for f in self.told[0] | self.told[1] if f in _WHO)
        if not self.named:
            fields = [f for f in fields if f != "side"]
        if not fields:
            return None
        field = pick(self.rng, fields)
        owners = [place for place in (0, 1) if field in self.told[place]]
        place = pick(self.rng, owners)
        noun = self._noun(place, field)
        same = [other for other in owners if self._noun(other, field) == noun]
        if not noun or (len(owners) == 1 and not self._other_is_known_different(1 - place, field)):
            return None
        answer = "Both of them" if len(same) == 2 else self.subjects[place]
        question = pick(self.rng, _WHO[field]).format(n=noun)
        return Asked(question=question, answer=f"{answer[0].upper()}{answer[1:]}.", field=field)

    def _other_is_known_different(self, other: int, field: str) -> bool:
        """A trait told of one alone counts as the other's lack where texts tell what there is."""
        if field in ("hair_colour", "hair_style", "skin", "expression"):
            mine, theirs = (getattr(figure.person.traits, field) for figure in self.scene.figures)
            return bool(mine != theirs)
        if field in ("garment", "garment_colour"):
            return self._noun(other, field) != self._noun(1 - other, field)
        if field == "side":
            return True
        figure = self.scene.figures[other]
        value = figure.holding if field == "holding" else getattr(figure.person.traits, field)
        return self.seen or value == "none"

    def _noun(self, place: int, field: str) -> str:
        figure = self.scene.figures[place]
        traits = figure.person.traits
        if field == "side":
            return ("on the left", "on the right")[place]
        if field == "expression":
            return traits.expression if traits.expression in ("smiling", "laughing", "winking") else ""
        if field == "hair_style":
            return {"bun": "", "ponytail": "", "braids": "braided", "bald": "", "long with bangs": ""}.get(
                traits.hair_style, traits.hair_style
            )
        if field == "garment_colour":
            return f"{'white' if traits.garment in GARMENT_COLOURED else traits.garment_colour}"
        if field == "garment":
            return plain_garment(traits, self.told[place]).replace("a ", "the ", 1).replace("an ", "the ", 1)
        return answer_of(figure, field, self.told[place], place)

    def yes_no(self) -> Asked | None:
        """Whether someone has a certain trait; half of the answers are yes."""
        rng = self.rng
        place = int(rng.integers(len(self.told)))
        traits, told, x = self.scene.figures[place].person.traits, self.told[place], self.subjects[place]
        wish = chance(rng, 0.5)
        options: list[Callable[[], Asked | None]] = []
        if "hair_colour" in told:
            options.append(
                lambda: self._colour_check(
                    place, "hair_colour", HAIR_COLOURS, f"Does {x} have {{}} hair?", wish
                )
            )
        if "garment_colour" in told and "garment" in told and traits.garment not in GARMENT_COLOURED:
            form = f"Is {x}'s {traits.garment} {{}}?"
            options.append(lambda: self._colour_check(place, "garment_colour", COLOURS, form, wish))
        if self.seen or "glasses" in told:
            options.append(
                lambda: self._has(
                    place, "glasses", pick(rng, ("Does {x} wear glasses?", "Is {x} wearing glasses?"))
                )
            )
        if self.seen or "headwear" in told:
            thing = (
                traits.headwear if traits.headwear != "none" and wish else pick(rng, tuple(HEADWEAR_FORMS))
            )
            if self.seen or traits.headwear == thing:
                options.append(lambda: self._wears(place, thing))
        if (self.seen or "facial_hair" in told) and traits.presentation == "man":
            options.append(lambda: self._has(place, "facial_hair", "Does {x} have facial hair?"))
        return pick(rng, options)() if options else None

    def _colour_check(self, place: int, field: str, colours: Sequence[str], form: str, wish: bool) -> Asked:
        real = str(getattr(self.scene.figures[place].person.traits, field))
        other = pick(self.rng, [colour for colour in colours if colour != real])
        answer = "Yes." if wish else pick(self.rng, ("No.", f"No, {real}.", f"No, it is {real}."))
        return Asked(question=form.format(real if wish else other), answer=answer, field=field, place=place)

    def _has(self, place: int, field: str, form: str) -> Asked:
        value = str(getattr(self.scene.figures[place].person.traits, field))
        answer = "No." if value == "none" else pick(self.rng, ("Yes.", f"Yes, {value}."))
        return Asked(question=form.format(x=self.subjects[place]), answer=answer, field=field, place=place)

    def _wears(self, place: int, thing: str) -> Asked:
        traits = self.scene.figures[place].person.traits
        yes = traits.headwear == thing
        question = f"Is {self.subjects[place]} wearing {with_article(thing)}?"
        return Asked(question=question, answer="Yes." if yes else "No.", field="headwear", place=place)

    def about_scene(self) -> Asked | None:
        """The number of persons, setting, style, light or doing."""
        rng, scene = self.rng, self.scene
        they, are = ("they", "are") if self.pair else (pronouns(scene.figures[0].person.traits).subject, "is")
        options = [("count", self.how_many())]
        if scene.setting != "white":
            place = PLACE_PHRASES[scene.setting][0]
            form = pick(rng, (f"Where {are} {they}?", "What is the setting?", "Where does this take place?"))
            options.append(
                ("setting", Asked(question=form, answer=f"{place[0].upper()}{place[1:]}.", field="setting"))
            )
        form = pick(
            rng, ("What is the style of the picture?", "In which style is it painted?", "What style is this?")
        )
        options.append(("style", Asked(question=form, answer=f"{scene.style.capitalize()}.", field="style")))
        form = pick(rng, ("What is the light like?", "What time of day is it?"))
        options.append(
            ("lighting", Asked(question=form, answer=f"{scene.lighting.capitalize()}.", field="lighting"))
        )
        options = [(field, asked) for field, asked in options if field in self.told_scene]
        return pick(rng, options)[1] if options else None

    def how_many(self) -> Asked:
        """How many persons there are."""
        form = pick(
            self.rng,
            (
                "How many people are there?",
                "How many people are in the picture?",
                "How many persons do you see?",
            ),
        )
        return Asked(question=form, answer=("One.", "Two.")[len(self.scene.figures) - 1], field="count")


def answer_of(figure: Figure, field: str, told: Collection[str], place: int) -> str:
    """The canonical short answer for one field, without capital and full stop; "" where none is apt."""
    traits = figure.person.traits
    if field == "side":
        return ("on the left", "on the right")[place]
    if field == "holding":
        return plain_thing(figure.holding, figure.holding_colour)
    if field == "hair_style":
        return _STYLED.get(traits.hair_style, traits.hair_style)
    if field == "garment":
        return plain_garment(traits, told)
    if field == "garment_colour" and traits.garment in GARMENT_COLOURED:
        return "white"
    if field == "facial_hair":
        return traits.facial_hair if traits.facial_hair == "stubble" else with_article(traits.facial_hair)
    if field == "jewellery" and traits.jewellery == "black choker":
        return "a black choker"
    return plain_value(traits, field)
