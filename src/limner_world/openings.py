"""How texts about pictures begin: as descriptions ("The image shows {}") and as requests ("Please paint {}").

Knows nothing about what stands in the gap, save whether it is itself a picture ("a portrait of Mia").
"""

from __future__ import annotations

from typing import Final

from limner_world.places import FRAMING_NOUNS, STYLE_NOUNS, USUAL_FRAMING_NOUNS, USUAL_STYLE_NOUNS
from limner_world.wording import with_article

SHOWS: Final = (
    "The image shows {}",
    "The image shows {}",
    "The picture shows {}",
    "This image shows {}",
    "This is a picture of {}",
    "We see {}",
    "In this picture we see {}",
    "Here we see {}",
    "There is an image of {}",
    "The scene shows {}",
    "An image of {}",
    "The illustration shows {}",
    "What we see: {}",
)
SHOWS_PICTURE: Final = ("This is {}", "The image is {}", "Here is {}", "We look at {}", "It is {}")
ASKS: Final = (
    "Generate an image of {}",
    "Generate an image showing {}",
    "Generate a picture of {}",
    "Generate an image shows {}",
    "Create an image of {}",
    "Create a picture of {}",
    "Make a picture of {}",
    "Please make an image of {}",
    "Draw {}",
    "Draw me {}",
    "Please draw {}",
    "Paint {}",
    "Please paint {}",
    "Paint a picture of {}",
    "Show me {}",
    "Show {}",
    "I would like a picture of {}",
    "I want to see {}",
    "I'd like to see {}",
    "Can you paint {}",
    "Can you draw {}",
    "Could you make a picture of {}",
    "Would you draw {}",
    "Imagine {}",
    "Hi, draw {}",
    "Hello! Please paint {}",
    "Let's paint {}",
    "I need an illustration of {}",
    "Picture {}",
    "Make an illustration that shows {}",
    "Now paint {}",
    "Give me an image of {}",
)
# How most people begin who have not read a data set.
USUAL_ASKS: Final = (
    "Paint {}",
    "Draw {}",
    "Generate an image of {}",
    "Generate {}",
    "Create an image of {}",
    "Create a picture of {}",
    "Make a picture of {}",
    "Show me {}",
    "A picture of {}",
    "An image of {}",
    "Please paint {}",
    "Please draw {}",
    "Paint me {}",
    "Draw a picture of {}",
    "Paint a picture of {}",
    "I want {}",
    "Can you paint {}",
    "{}",
    "{}",
    "{}",
    "{}",
)
USUAL_ASKS_PICTURE: Final = (
    "Paint {}",
    "Draw {}",
    "Generate {}",
    "Create {}",
    "Make {}",
    "Show me {}",
    "Please paint {}",
    "I want {}",
    "{}",
    "{}",
    "{}",
    "{}",
)
ASKS_PICTURE: Final = (
    "Generate {}",
    "Create {}",
    "Make {}",
    "Please make {}",
    "Draw {}",
    "Paint {}",
    "Please paint {}",
    "I would like {}",
    "I want {}",
    "Can you make {}",
    "Could you paint {}",
    "Give me {}",
    "Make me {}",
    "Show me {}",
)
QUESTIONS: Final = ("Can", "Could", "Would")
# How a noun phrase begins that is itself a picture ("a portrait of Mia").
MEDIA: Final = tuple(
    with_article(noun)
    for nouns in (STYLE_NOUNS, FRAMING_NOUNS, USUAL_STYLE_NOUNS, USUAL_FRAMING_NOUNS)
    for n in nouns.values()
    for noun in n
)
