"""Write a set as files, for systems that are asked elsewhere and replayed here.

    FOLDER/set.json                    version, hash, num, seed
    FOLDER/<conversation>/script.json  {"rounds": [{"say", "after", "pictures"}, ...]}
    FOLDER/<conversation>/give-0-0.png the first picture given in round 0

Writes what is said and shown, never what is right. Knows files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limner.benchmark.conversation import BenchConversation, as_picture
from limner.evaluation.run_folder import write_json
from limner.whole_file import write_whole


def write_scripts(
    folder: Path, conversations: Sequence[BenchConversation], identity: Mapping[str, Any]
) -> None:
    """Write every conversation's script and given pictures; files that are there are replaced."""
    for conversation in conversations:
        place = folder / conversation.name
        place.mkdir(parents=True, exist_ok=True)
        rounds = []
        for index, round_ in enumerate(conversation.rounds):
            names = [f"give-{index}-{number}.png" for number in range(len(round_.pictures))]
            for name, shot in zip(names, round_.pictures, strict=True):
                write_whole(as_picture(shot, conversation.size_px).to_png(), place / name)
            rounds.append({"say": round_.say, "after": round_.after, "pictures": names})
        write_json(place / "script.json", {"rounds": rounds})
    write_json(folder / "set.json", json.loads(json.dumps(identity)))
