"""Whole conversations, as people hold them, on the model's own pictures: edits, ways back, close-ups, the
same person elsewhere, somebody new, and those of before by name.

What a round should keep is what the model itself painted before, not what the truth would have shown: a hat
that no text told has to stay the hat that it was. So tokens are held against the tokens of the picture that
the round continues, changed as the instruction says. Knows the world's chats, their truth and tokens. Knows
nothing about files and reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from limner.builders.world import Draft, draft
from limner.builders.world.draft import DraftRound
from limner.dialogue.parts import Picture
from limner.evaluation.metrics.face_similarity import faces_of
from limner.evaluation.metrics.scene_reading import (
    Factors,
    changed_names,
    factors,
    identity_of,
    read,
    right_identity,
    same,
    share_of,
)
from limner.evaluation.metrics.traits import readable, traits_matched
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking, Painted
from limner.evaluation.suites.redrawing import Redraw, twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import tell_truth
from limner.evaluation.views import TOKENS, TWIN
from limner.perception.senses import WorldSenses
from limner_world.person import Identity
from limner_world.places import PLACE_NOUNS, place_phrases
from limner_world.render import render
from limner_world.scene import Scene

SIDES = ("left", "right")
POSE = ("pose", "holding", "holding_colour")  # of a person, what another picture may change


@dataclass(frozen=True, kw_only=True, eq=False)
class Played:
    """A chat as it was held. `pictures[i]` is what the painter made in round i of `rounds`, all of which
    paint.
    """

    rounds: tuple[DraftRound, ...]
    edits: tuple[int | None, ...]  # the round whose picture each one changes; None: a picture of its own
    ways: tuple[Mapping[str, object] | None, ...]
    pictures: tuple[Painted, ...]
    asking: Asking = field(repr=False)

    def scene(self, index: int) -> Scene:
        """What round `index` should show, by the world."""
        scene = self.rounds[index].scene
        assert scene is not None
        return scene

    def said(self, index: int) -> Factors:
        """What the tokens of round `index` say."""
        return read(self.pictures[index].tokens_ND)


def play(bench: Bench, made: Draft, *, seed: int) -> Played:
    """Ask for every picture of a chat in turn; nothing but the painter's own pictures is in the history, but
    for a face that the user brings.
    """
    painting = [index for index, round_ in enumerate(made.rounds) if round_.scene is not None]
    assert painting == list(range(len(painting))), "a chat's question is its last round"
    asking = Asking(conversation=bench.painter.conversation(seed=seed))
    pictures = []
    for round_ in made.rounds[: len(painting)]:
        given = [Picture(render(scene, bench.painter.image_size_px)) for scene in round_.pictures]
        tell_truth(bench, zip(given, round_.pictures, strict=True))
        pictures.append(asking.picture(round_.instruction, given))
    return Played(
        rounds=made.rounds[: len(painting)],
        edits=tuple(made.truth["edits"][: len(painting)]),
        ways=tuple(made.truth["ways"][: len(painting)]),
        pictures=tuple(pictures),
        asking=asking,
    )


def read_tokens(tally: Tally, played: Played) -> None:
    """Rows of what the tokens say: of edits and ways back whether the change was made and what else was kept,
    of other pictures whether the persons stayed who they were.
    """
    for index, base in enumerate(played.edits):
        if index == 0:
            continue
        if base is None:
            _persons(tally, played, index)
        else:
            _edit(tally, played, index, base)


def see_changes(tally: Tally, judge: WorldSenses, played: Played, redraw: Redraw | None = None) -> None:
    """Rows of whether the judge sees what an edit of a person's traits asked for; nothing is seen of a person
    who cannot be told from others by where the faces are.
    """
    for index, base in enumerate(played.edits):
        if base is None:
            continue
        before, after = played.scene(base), played.scene(index)
        picture = played.pictures[index] if redraw is None else redraw(played.pictures[index])
        for place, (old, new) in enumerate(zip(before.figures, after.figures, strict=True)):
            was, told = vars(old.person.traits), vars(new.person.traits)
            changed = readable(judge, {n: str(word) for n, word in told.items() if was[n] != word})
            if not changed:
                continue
            faces = faces_of(judge, picture.pixels)
            hits = [False] * len(changed)
            if len(faces) == len(after.figures):
                hits = traits_matched(judge, picture.pixels, faces[place].box, changed)
            for hit in hits:
                tally.add("edit.seen", hit)


def _edit(tally: Tally, played: Played, index: int, base: int) -> None:
    before, after = played.scene(base), played.scene(index)
    old, new, said = factors(before), factors(after), played.said(index)
    changed = changed_names(before, after)
    kept = [name for name in new if name in old and name not in changed]
    way = "edit" if played.ways[index] is None else "back"
    if changed:
        tally.add(f"{way}.change_made", share_of(said, new, changed) == 1)
    share = share_of(said, played.said(base), kept)
    tally.add(f"{way}.factors_kept", share)
    tally.add(f"{way}.rest_kept", share == 1)
    if way == "back":
        shares = [share_of(said, played.said(state), kept) for state in range(index)]
        tally.rate("back.right_state", shares[base] >= max(shares), 1 / index)


def _persons(tally: Tally, played: Played, index: int) -> None:
    after, said = played.scene(index), played.said(index)
    for place, figure in enumerate(after.figures):
        person = figure.person.identity
        sources = [at for at in played.rounds[index].depends_on if person in _people(played.scene(at))]
        if not sources:  # somebody new
            continue
        source = sources[-1]
        before, shown = played.scene(source), played.said(source)
        where = _people(before).index(person)
        old, new = _of(factors(before), where), _of(factors(after), place)
        lasting = [name for name in new if name not in POSE and name in old and same(old[name], new[name])]
        kept = share_of(_of(said, place), _of(shown, where), lasting)
        tally.add("person.kept", kept)
        face = identity_of(played.pictures[index].tokens_ND, place)
        if index - source > 1:
            tally.add("person.kept_from_before", kept)
        if len(before.figures) == 2:
            own, other = (identity_of(played.pictures[source].tokens_ND, at) for at in (where, 1 - where))
            tally.rate("person.right", right_identity(face, own, other), 0.5)
    setting, text = after.setting, played.rounds[index].instruction.lower()
    if any(words.lower() in text for words in (*PLACE_NOUNS[setting], *place_phrases(setting))):
        tally.add("elsewhere.place", said["scene.setting"] == setting)


def _people(scene: Scene) -> list[Identity]:
    return [figure.person.identity for figure in scene.figures]


def _of(found: Factors, place: int) -> Factors:
    """The factors of one person."""
    head = f"{SIDES[place]}."
    return {name.removeprefix(head): value for name, value in found.items() if name.startswith(head)}


@dataclass(frozen=True, kw_only=True)
class Chat:
    """Chats of three to six pictures, each on the model's own."""

    name: str = "chat"
    figure: str = "beyond the paper"
    about: str = (
        "whole conversations on the model's own pictures: edits, ways back, the same person elsewhere"
    )

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        made = draft("chat", bench.task_seed(index), SPLIT)
        played = play(bench, made, seed=paint_seed(self.name, bench.seed, index))
        tally = Tally(dialogue=task_name(self.name, bench, index))
        see_changes(tally, bench.judge, played)
        twin = twin_of(bench.painter)
        if twin is not None:
            see_changes(tally.seen_as(TWIN), bench.judge, played, twin)
            read_tokens(tally.seen_as(TOKENS), played)
        return played.asking.outcome(tally, _shown(played))


def _shown(played: Played) -> tuple[Shown, ...]:
    pairs: Sequence[tuple[DraftRound, Painted]] = list(zip(played.rounds, played.pictures, strict=True))
    return tuple(
        Shown(column=f"Round {number}", picture=picture, text=round_.instruction)
        for number, (round_, picture) in enumerate(pairs, 1)
    )
