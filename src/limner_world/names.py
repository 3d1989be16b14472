"""First names, titles and invented names, parted into those seen in training and those held out for testing.

Knows nothing about persons beyond their age group and presentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.chance import chance, pick, split_hash
from limner_world.person import Traits

WOMEN: Final = tuple(
    """
    Abigail Ada Adele Agatha Agnes Alba Alice Alicia Alina Alma Althea Amanda Amara Amelia Amina Amy Ana
    Anaya Andrea Angela Anika Anita Anna Annabel Anouk Antonia Anya Aria Ariadne Astrid Audrey Aurora Ava
    Ayla Aylin Beatrice Bella Bianca Bonnie Brenda Brigitte Camila Carla Carmen Carol Caroline Cecilia
    Celeste Celine Charlotte Chiara Chloe Clara Clarissa Claudia Clementine Colette Cora Cordelia Cynthia
    Dahlia Daisy Dana Daniela Daphne Deborah Delia Diana Dina Dora Dorothy Edith Eileen Elaine Eleanor
    Elena Elif Elisa Elizabeth Ella Ellen Elodie Elsa Emilia Emily Emma Erica Esme Esther Eva Evelyn Faith
    Fatima Fernanda Fiona Flora Florence Frances Freya Frida Gabriela Gemma Georgia Gianna Gina Giulia
    Gloria Grace Greta Gwen Hana Hannah Harriet Hazel Heidi Helen Helena Hilda Holly Ida Imani Imogen
    Ingrid Irene Iris Isabel Isabella Isla Ivy Jacqueline Jane Jasmine Jenna Jennifer Jessica Joan Johanna
    Josephine Joy Juana Judith Julia Juliet June Kaja Karen Karina Kate Katherine Keiko Kiara Kira Klara
    Lara Latoya Laura Leila Lena Leonie Leticia Lila Lily Linda Linnea Lisa Lotte Lucia Lucy Luisa Luna
    Lydia Mabel Madeleine Maeve Magdalena Maja Malala Mara Margaret Maria Mariam Marina Marisol Marta
    Martha Mary Matilda Maud Maya Mei Melanie Melissa Mercy Mia Mila Mina Mira Miriam Molly Monica Nadia
    Naomi Natalie Natasha Nell Nia Nicole Nina Noemi Nora Odette Olga Olive Olivia Ophelia Paloma Pamela
    Patricia Paula Penelope Petra Phoebe Pilar Polly Priya Rachel Ramona Rebecca Renata Rita Rosa Rosalind
    Rose Ruby Ruth Sabine Sabrina Sally Samira Sandra Sara Savannah Selma Serena Shirley Sienna Signe
    Simone Sofia Sonia Sophie Stella Susan Svetlana Sylvia Tabitha Talia Tamara Tara Teresa Tessa Thea
    Theresa Tilda Tina Ursula Valentina Valerie Vanessa Vera Veronica Victoria Viola Violet Vivian Wanda
    Wendy Willa Wilma Xenia Yasmin Yuki Yvonne Zahra Zelda Zoe Zora
    """.split()  # noqa: SIM905 - names without quotes read better
)
MEN: Final = tuple(
    """
    Aaron Abdul Abel Adam Adrian Ahmed Aidan Alan Albert Alejandro Alessandro Alexander Alfonso Alfred Ali
    Alistair Alvin Amir Anders Andre Andrew Angelo Anthony Anton Antonio Archie Arjun Arnold Arthur Asher
    August Axel Barnaby Barry Basil Benedict Benjamin Bernard Boris Brandon Brian Bruno Bryce Caleb Calvin
    Carl Carlos Cedric Cesar Charles Christian Christopher Clarence Claude Clement Clive Colin Conor
    Conrad Cyrus Daniel Darius David Dennis Derek Desmond Diego Dimitri Dominic Donald Douglas Duncan
    Dylan Earl Edgar Edmund Edward Edwin Eli Elias Elijah Elliot Emil Emmanuel Enzo Eric Ernest Esteban
    Ethan Eugene Evan Ezra Fabian Felipe Felix Ferdinand Fernando Finn Florian Francis Franco Frank Fred
    Frederick Gabriel Garrett Gary Gavin Geoffrey George Gerald Gideon Gilbert Giovanni Glen Gordon Graham
    Gregory Guido Gustav Hamza Hans Harold Harry Harvey Hassan Hector Henrik Henry Herbert Herman Hiroshi
    Homer Howard Hugo Humphrey Ian Ibrahim Igor Isaac Ivan Jack Jacob Jakub Jamal James Jan Jasper Javier
    Jeremy Jerome Joaquin Joel John Jonah Jonas Jonathan Jorge Jose Joseph Joshua Juan Julian Julius
    Justin Kai Karim Karl Keith Kenji Kenneth Kevin Kofi Kurt Kwame Lars Laurence Leo Leonard Leopold Liam
    Linus Lionel Lorenzo Louis Luca Lucas Ludwig Luis Luke Magnus Malcolm Manuel Marcel Marco Marcus Mario
    Mark Martin Mateo Matthew Maurice Maximilian Michael Miguel Milan Miles Mohammed Moses Murray Nathan
    Nathaniel Neil Neville Nicholas Niels Nigel Nikolai Noah Norman Oliver Omar Orlando Oscar Oswald Otis
    Otto Owen Pablo Patrick Paul Pedro Percy Peter Philip Pierre Quentin Rafael Rajesh Ralph Ramon Raymond
    Reginald Rene Ricardo Richard Robert Roberto Roger Roland Roman Ronald Rowan Rudolf Rufus Rupert
    Russell Samuel Santiago Sebastian Sergio Seth Silas Simon Solomon Stanley Stefan Stephen Stuart Sven
    Tariq Ted Terence Theodore Thomas Timothy Tobias Tom Tomas Tristan Ulrich Umberto Victor Vincent
    Vikram Walter Warren Wesley Wilfred William Wolfgang Xavier Yusuf Zachary
    """.split()  # noqa: SIM905 - names without quotes read better
)
NEUTRAL: Final = tuple(
    """
    Alex Andy Ariel Ashley Avery Bailey Billie Blake Cameron Casey Charlie Chris Corey Dakota Devon Drew
    Eden Ellis Emerson Finley Frankie Harley Hayden Jamie Jesse Jordan Jules Kelly Kim Lee Leslie Logan
    Marley Morgan Nico Noel Parker Pat Peyton Quinn Reese Remy Riley Robin Rory Sage Sam Sasha Shannon
    Sidney Skyler Taylor Terry Toby Tracy Val
    """.split()  # noqa: SIM905 - names without quotes read better
)
SURNAMES: Final = tuple(
    """
    Harrison Bennett Okafor Tanaka Novak Fischer Rossi Moreau Silva Larsen Patel Nguyen Kowalski Schmidt
    Clarke Wells Hughes Morris Fletcher Sinclair Whitaker Delgado Ramirez Ibarra Costa Petrov Ivanova
    Haddad Rahman Mbeki Abara Lindqvist Hansen Jansen Vogel Keller Brandt Marlowe Ashby Thorne Pemberton
    Quigley Sato Mori Chen Wong Park Rivera Mendez Castillo
    """.split()  # noqa: SIM905 - names without quotes read better
)
_ONSETS: Final = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "h",
    "j",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sh",
    "t",
    "tr",
    "v",
    "y",
    "z",
)
_VOWELS: Final = ("a", "e", "i", "o", "u", "ai", "ea", "ie")
_CODAS: Final = ("", "", "l", "n", "r", "s", "th", "m", "x")


@dataclass(frozen=True, kw_only=True)
class Name:
    """How one person is called: `name` in every sentence, `introduction` once, where they first appear."""

    name: str
    introduction: str

    def __str__(self) -> str:
        return self.name


def is_held_out(name: str) -> bool:
    """Whether `name` (with or without title) is kept away from training."""
    return split_hash(name.split()[-1]) == 0


def seen_names(pool: Sequence[str]) -> tuple[str, ...]:
    """The names of `pool` that training may use."""
    return tuple(name for name in pool if not is_held_out(name))


def held_out_names(pool: Sequence[str]) -> tuple[str, ...]:
    """The names of `pool` that only testing uses."""
    return tuple(name for name in pool if is_held_out(name))


_POOLS: Final = {
    (pool, split): (held_out_names if split == "test" else seen_names)(names)
    for pool, names in {"woman": WOMEN, "man": MEN, "neutral": NEUTRAL, "surname": SURNAMES}.items()
    for split in ("train", "test")
}


def invented_name(rng: np.random.Generator, split: str) -> str:
    """A name of two or three syllables that no list holds, so that a name is learnt as whatever stands
    there, piece by piece.
    """
    while True:
        syllables = [pick(rng, _ONSETS) + pick(rng, _VOWELS) for _ in range(2 + int(chance(rng, 0.25)))]
        name = ("".join(syllables) + pick(rng, _CODAS)).capitalize()
        if is_held_out(name) == (split == "test"):
            return name


def _titled(rng: np.random.Generator, traits: Traits, split: str) -> str:
    surname = pick(rng, _POOLS["surname", split])
    if traits.garment == "white coat" or chance(rng, 0.3):
        return f"Dr. {surname}"
    if traits.headwear == "tricorne hat":
        return f"Captain {surname}"
    if chance(rng, 0.15):
        return f"Professor {surname}"
    return f"{'Mr.' if traits.presentation == 'man' else pick(rng, ('Mrs.', 'Ms.'))} {surname}"


def random_name(
    rng: np.random.Generator, traits: Traits, split: str = "train", taken: Sequence[str] = ()
) -> Name:
    """A fitting name that is not in `taken`.

    Test names are half held-out, half seen in training, so that evaluation can report both (`is_held_out`).
    """
    source = "test" if split == "test" and chance(rng, 0.5) else "train"
    adult = traits.age in ("young adult", "middle-aged", "elderly")
    while True:
        if adult and chance(rng, 0.35 if traits.garment == "white coat" else 0.03):
            name = _titled(rng, traits, source)
        elif chance(rng, 0.12):
            name = invented_name(rng, source)
        else:
            pool = "neutral" if chance(rng, 0.1) else traits.presentation
            name = pick(rng, _POOLS[pool, source])
        if name not in taken:
            break
    introduction = name
    if traits.age == "baby" and chance(rng, 0.7):
        introduction = f"baby {name}"
    elif traits.age == "child" and chance(rng, 0.1):
        introduction = f"little {name}"
    elif traits.age == "elderly" and " " not in name and chance(rng, 0.06):
        name = introduction = f"{'Grandpa' if traits.presentation == 'man' else 'Grandma'} {name}"
    return Name(name=name, introduction=introduction)


def random_names(
    rng: np.random.Generator, people: Sequence[Traits], split: str = "train"
) -> tuple[Name, ...]:
    """Different names for `people`, none of them part of another."""
    chosen: list[Name] = []
    for traits in people:
        taken = [part for other in chosen for part in (other.name, *other.name.split())]
        name = random_name(rng, traits, split, taken)
        while set(name.name.split()) & set(taken):
            name = random_name(rng, traits, split, taken)
        chosen.append(name)
    return tuple(chosen)
