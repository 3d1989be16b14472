"""`limner build full-body`: rounds 2 and 3 of a named dialogue become full bodies, painted by a personalizer.

The face that a close-up round shows and a prompt of the pool go to the personalizer; what it paints is kept
where its face is like enough to the close-up's (supplement 8; 24,793 samples in the paper). Knows no models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from limner.builders.faces.identity import embedding
from limner.builders.faces.phrases import with_identity
from limner.builders.full_body.prompts import NAME, drawn_prompt, read_prompts
from limner.builders.painting import painted
from limner.builders.runner.document import Document, Drop, DropError, Source, Stage, Step
from limner.dataset.reader import DatasetReader
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round
from limner.perception.painters import Personalizer
from limner.perception.protocols import FaceReader

_SAYS: Final = ("Here is {x}.", "Here is {x}, as you asked.", "This is {x}.", "Here is the picture of {x}.")
_ASKS: Final = ("{c}", "{c}", "Generate this: {c}", "Paint a full-body picture. {c}")
_SUBJECT: Final = "A person"


@dataclass(frozen=True, kw_only=True)
class FullBodyJob:
    """Builds full-body dialogues out of a set of named ones.

    Args:
        folder: a data set with dialogues of kind `kind`: two named persons, then a close-up of each by name.
        kind: "named", or "plain_named" of the synthetic world.
        prompts: a file of prompts; None draws from the grammar.
        floor: cosine from which the painted face is the close-up's; None takes the face reader's own.
        tries: pictures painted of each person at most.
        size_px: the side of the painted pictures, about.
        seed: draws prompts, phrases and the personalizer's seeds.
        names: what is recorded of the adapters, by role.
        make_faces: makes the face reader in each worker; picklable, as is the next.
        make_personalizer: makes the personalizer.
    """

    folder: Path
    kind: str = "named"
    prompts: Path | None = None
    floor: float | None = None
    tries: int = 2
    size_px: int = 512
    seed: int = 0
    names: Mapping[str, str]
    make_faces: Callable[[], FaceReader]
    make_personalizer: Callable[[], Personalizer]

    def settings(self) -> Mapping[str, Any]:
        return {
            "build": "full-body",
            "folder": str(self.folder),
            "kind": self.kind,
            "prompts": None if self.prompts is None else list(read_prompts(self.prompts)),
            "floor": self.floor,
            "tries": self.tries,
            "size_px": self.size_px,
            **self.names,
        }

    def sources(self) -> Iterator[Source]:
        """One for each dialogue of the kind. ValueError when there is none."""
        num = 0
        for index, record in enumerate(DatasetReader(self.folder).records()):
            if record.kind == self.kind:
                num += 1
                yield Source(id=record.id, value={"index": index})
        if not num:
            raise ValueError(
                f"{self.folder} holds no dialogues of kind {self.kind!r}; `limner build video` makes them."
            )

    def stages(self) -> Sequence[Stage]:
        return (Stage(open=self._open),)

    def _open(self) -> Sequence[Step]:
        reader = self.make_faces()
        floor = self.floor if self.floor is not None else getattr(reader, "match_floor", None)
        if floor is None:
            raise ValueError("This face reader names no similarity of one person's faces; give one.")
        return (
            ReadNamed(folder=self.folder),
            PaintBodies(
                personalizer=self.make_personalizer(),
                reader=reader,
                prompts=None if self.prompts is None else read_prompts(self.prompts),
                floor=floor,
                tries=self.tries,
                size_px=self.size_px,
            ),
            TellBodies(names=self.names),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """A person to be painted in full: name and close-up; once painted, prompt and picture too."""

    name: str
    face: Picture
    prompt: str = ""
    picture: Picture | None = None
    similarity: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """The first round as it was, its persons, and both bodies."""

    first: Round
    persons: tuple[NamedPerson, ...]
    bodies: tuple[Body, ...]
    origin: str


@dataclass(frozen=True)
class ReadNamed:
    """An index -> the named dialogue's first round and the close-ups of its two persons."""

    folder: Path
    name: str = "two persons with close-ups"

    @cached_property
    def _dialogues(self) -> DatasetReader:
        return DatasetReader(self.folder)

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        dialogue = self._dialogues[document.value["index"]]
        first = dialogue.rounds[0]
        persons = {person.name: person for person in dialogue.persons if person.round_index == 0}
        bodies: dict[str, Body] = {}
        for round_ in dialogue.rounds[1:]:
            named = [name for name in persons if name in round_.instruction.text]
            if len(named) == 1 and round_.response.picture is not None and round_.depends_on == (0,):
                bodies.setdefault(named[0], Body(name=named[0], face=round_.response.picture))
        if first.response.picture is None or len(bodies) != 2:
            yield Drop(reason="not two persons with a close-up each", detail=f"{len(bodies)} of them")
            return
        pair = Pair(
            first=first, persons=tuple(persons.values()), bodies=tuple(bodies.values()), origin=document.id
        )
        yield document.having(pair, first.response.picture.pixels)


@dataclass(frozen=True, kw_only=True)
class PaintBodies:
    """Both persons painted, each kept only above the similarity; both or none."""

    personalizer: Personalizer
    reader: FaceReader
    prompts: tuple[str, ...] | None
    floor: float
    tries: int
    size_px: int
    name: str = "faces like the close-ups'"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        pair: Pair = document.value
        painted: list[Body] = []
        for body in pair.bodies:
            rng = document.chance(f"body of {body.name}")
            found = self._painted(document, body, rng)
            if isinstance(found, Drop):
                yield found
                return
            painted.append(found)
        yield document.having(replace(pair, bodies=tuple(painted)))

    def _painted(self, document: Document, body: Body, rng: np.random.Generator) -> Body | Drop:
        close_up = self._vector(body.face.pixels)
        if close_up is None:
            return Drop(reason="no face in the close-up", detail=body.name)
        prompt = (
            drawn_prompt(rng) if self.prompts is None else self.prompts[int(rng.integers(len(self.prompts)))]
        )
        why = Drop(reason="the personalizer painted nothing")
        for _ in range(self.tries):
            told = prompt.replace(NAME, _SUBJECT, 1).replace(NAME, "the person")
            seed = int(rng.integers(2**31))
            try:
                pixels = painted(
                    document,
                    self.personalizer,
                    partial(
                        self.personalizer.personalize, body.face.pixels, told, size_px=self.size_px, seed=seed
                    ),
                    "the personalizer painted nothing",
                )
            except DropError as error:
                why = error.drop
                continue
            vector = self._vector(pixels)
            if vector is None:
                why = Drop(reason="not exactly one face painted", detail=body.name)
                continue
            similarity = self.reader.similarity(close_up, vector)
            if similarity >= self.floor:
                return replace(body, prompt=prompt, picture=Picture(pixels), similarity=similarity)
            why = Drop(reason="another face than the close-up's", detail=f"similarity {similarity:.3f}")
        return why

    def _vector(self, pixels: np.ndarray) -> np.ndarray | None:
        """None unless there is exactly one face, and it can be read."""
        faces = self.reader.find_faces(pixels)
        try:
            return embedding(self.reader, pixels, faces[0].box) if len(faces) == 1 else None
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class TellBodies:
    """Writes three rounds: the picture of both as it was asked for, then each person whole, by name."""

    names: Mapping[str, str]
    name: str = "told"

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        pair: Pair = document.value
        rng = document.chance("words")
        rounds = [replace(pair.first, depends_on=())]
        for body in pair.bodies:
            ask = _ASKS[int(rng.integers(len(_ASKS)))].format(c=body.prompt.replace(NAME, body.name))
            say = _SAYS[int(rng.integers(len(_SAYS)))].format(x=body.name)
            ask, say = with_identity(rng, ask, say, rate=0.2)
            rounds.append(
                Round(
                    instruction=Instruction(text=ask),
                    response=Response(text=say, picture=body.picture),
                    depends_on=(0,),
                )
            )
        truth = {
            "origin": pair.origin,
            "prompts": [body.prompt for body in pair.bodies],
            "similarities": [round(body.similarity, 4) for body in pair.bodies],
            "scores": {"similarity": round(min(body.similarity for body in pair.bodies), 4)},
            **self.names,
        }
        yield document.telling(
            Dialogue(kind="full_body", rounds=tuple(rounds), persons=pair.persons, truth=truth)
        )
