"""How often a trait is right by chance: the share of all people of the world who have it.

Knows how the world draws people. Knows nothing about pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from limner_world.chance import seeded
from limner_world.sampling import random_traits

NUM_PEOPLE = 400


def chance_of_word(trait: str, word: str) -> float:
    """The probability that a random held-out person has `word` for `trait`."""
    return _shares()[trait][word]


@lru_cache(maxsize=1)
def _shares() -> Mapping[str, Counter[str]]:
    rng = seeded("people by chance", 0)
    people = [vars(random_traits(rng, "test")) for _ in range(NUM_PEOPLE)]
    counts = {trait: Counter(person[trait] for person in people) for trait in people[0]}
    return {
        trait: Counter({word: n / NUM_PEOPLE for word, n in found.items()}) for trait, found in counts.items()
    }
