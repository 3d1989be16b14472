"""Settings, light, style, framing and doings in words: the phrases from which openings and backgrounds are
made.
"""

from __future__ import annotations

from typing import Final

PLACE_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "white": ("on a plain white background", "against a white background", "in front of plain white"),
    "living room": ("in a living room", "in the living room", "at home in the living room"),
    "kitchen": ("in a kitchen", "in the kitchen"),
    "cafe": ("in a cafe", "at a cafe", "in a restaurant or cafe"),
    "office": ("in an office", "at the office"),
    "library": ("in a library", "in the library", "among the shelves of a library"),
    "doctor's office": ("in a doctor's office", "at the doctor's office"),
    "garden": ("in a garden", "in the garden"),
    "park": ("in a park", "in the park", "outdoors in a park"),
    "forest": ("in a forest", "in the woods", "among the trees of a forest"),
    "beach": ("on a beach", "on the beach", "at the beach"),
    "mountains": ("in the mountains", "in front of mountains", "in a mountain landscape"),
    "city street": ("on a city street", "in a city street", "on a street in the city"),
    "snowy field": ("in a snowy field", "in the snow", "in a field covered with snow"),
    "wedding": ("at a wedding", "at a wedding venue", "at an outdoor wedding"),
    "ship": ("on a ship", "on the deck of a ship", "aboard a ship"),
    "classroom": ("in a classroom", "in the classroom"),
    "flower field": ("in a flower field", "in a field of flowers", "among the flowers of a field"),
    "brick wall": ("in front of a brick wall", "against a brick wall", "by a brick wall"),
}
PLACE_NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "white": ("plain white", "white"),
    "living room": ("a living room", "a cozy living room"),
    "kitchen": ("a kitchen", "a tidy kitchen"),
    "cafe": ("a cafe", "a restaurant or cafe"),
    "office": ("an office", "a bright office"),
    "library": ("a library", "a library full of books"),
    "doctor's office": ("a doctor's office", "a doctor's examination room"),
    "garden": ("a garden", "a green garden"),
    "park": ("a park", "a green park"),
    "forest": ("a forest", "a forest with tall trees"),
    "beach": ("a beach", "a sandy beach with the sea"),
    "mountains": ("a mountain landscape", "a landscape of mountains"),
    "city street": ("a city street", "a street lined with buildings"),
    "snowy field": ("a snowy field", "a field covered with snow"),
    "wedding": ("a wedding venue", "an outdoor wedding"),
    "ship": ("the deck of a ship", "a ship at sea"),
    "classroom": ("a classroom", "a school classroom"),
    "flower field": ("a field of flowers", "a flower field"),
    "brick wall": ("a brick wall", "a wall of bricks"),
}
PLACE_MARKS: Final[dict[str, tuple[str, ...]]] = {setting: (setting,) for setting in PLACE_PHRASES} | {
    "forest": ("forest", "woods"),
    "mountains": ("mountain",),
    "living room": ("living room", "at home"),
    "cafe": ("cafe", "coffee shop", "restaurant"),
    "beach": ("beach", "by the sea"),
    "ship": ("ship", "boat"),
    "classroom": ("classroom", "school"),
    "city street": ("street", "in the city"),
    "snowy field": ("snow",),
    "doctor's office": ("doctor's", "hospital"),
    "flower field": ("flower field", "flowers"),
    "brick wall": ("brick wall", "wall of bricks"),
}
# What is always to be seen there from some distance.
DETAIL_SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "white": (),
    "living room": (
        "There are pictures on the wall and books on the shelves.",
        "A bookcase stands at the wall.",
    ),
    "kitchen": ("There are cabinets and a long counter.", "White tiles and cabinets line the wall."),
    "cafe": ("Lamps hang above a counter.", "Hanging lights and shelves with cups are behind the counter."),
    "office": ("There is a desk with a monitor.", "A desk and a green plant stand in the room."),
    "library": ("Tall bookshelves cover the walls.", "There are wooden shelves full of colorful books."),
    "doctor's office": ("The walls are pale and clean.", "Medical posters hang on a pale wall."),
    "garden": ("There are bushes with flowers and a white fence.", "A white fence runs behind the flowers."),
    "park": ("There are green trees and a path.", "Tall trees stand on the grass."),
    "forest": ("Tall tree trunks rise everywhere.", "A path leads between the tree trunks."),
    "beach": ("Blue water and yellow sand stretch to the horizon.", "The sea is blue and calm."),
    "mountains": ("Gray peaks rise above a green meadow.", "There are fir trees and snowy peaks."),
    "city street": (
        "There are tall buildings and street lamps.",
        "Houses with awnings stand along the street.",
    ),
    "snowy field": ("Fir trees stand in the snow.", "There are snowy fir trees under a pale sky."),
    "wedding": ("There is an arch of flowers.", "White chairs stand in rows before an arch of flowers."),
    "ship": (
        "There is a wooden railing before the sea.",
        "Ropes lead up to a mast, and the sea lies behind.",
    ),
    "classroom": ("There is a chalkboard on the wall.", "A chalkboard with drawings hangs behind the desks."),
    "flower field": ("Rows of flowers reach to green hills.", "Bright flowers grow up to the horizon."),
    "brick wall": (),
}
BACKGROUND_SENTENCES: Final = (
    "The background appears to be {}.",
    "The background is {}.",
    "The background shows {}.",
    "In the background there is {}.",
    "Behind {them} is {}.",
    "The setting is {}.",
    "{They} {are} {place}.",
    "The scene takes place {place}.",
    "It is set {place}.",
)
LIGHT_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "daylight": ("in daylight", "on a bright day", "in bright daylight"),
    "warm evening light": ("in warm evening light", "in the warm light of the evening", "at sunset"),
    "night": ("at night", "in the dark of night", "late at night"),
}
LIGHT_SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "daylight": ("The light is bright daylight.", "It is daytime."),
    "warm evening light": ("Warm evening light falls on the scene.", "The light is warm, as in the evening."),
    "night": ("It is night.", "The scene is dark; it is night."),
}
LIGHT_MARKS: Final[dict[str, tuple[str, ...]]] = {
    "daylight": ("daylight", "bright day", "daytime"),
    "warm evening light": ("evening", "sunset"),
    "night": ("night",),
}
# Nouns for a picture of each style; the first is the one used in short answers.
STYLE_NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "storybook": ("storybook illustration", "illustration in storybook style"),
    "watercolor": ("watercolor painting", "watercolor"),
    "pencil sketch": ("pencil sketch", "pencil drawing"),
    "comic": ("comic panel", "comic-style drawing", "comic book picture"),
    "oil painting": ("oil painting",),
    "pixel art": ("pixel art picture", "piece of pixel art"),
    "pastel": ("pastel drawing", "soft pastel drawing"),
}
STYLE_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "storybook": ("in storybook style", "as a storybook illustration"),
    "watercolor": ("in watercolor", "in watercolor style", "as a watercolor painting"),
    "pencil sketch": ("as a pencil sketch", "in pencil", "in the style of a pencil drawing"),
    "comic": ("in comic style", "as a comic panel", "in the style of a comic book"),
    "oil painting": ("as an oil painting", "in oil", "in the style of an oil painting"),
    "pixel art": ("as pixel art", "in pixel art style"),
    "pastel": ("in pastel", "as a pastel drawing", "in soft pastels"),
}
STYLE_MARKS: Final[dict[str, tuple[str, ...]]] = {
    "storybook": ("storybook",),
    "watercolor": ("watercolor",),
    "pencil sketch": ("pencil",),
    "comic": ("comic", "cartoon"),
    "oil painting": ("oil",),
    "pixel art": ("pixel art",),
    "pastel": ("pastel",),
}
FRAMING_NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "close-up": ("close-up", "close-up photo", "close-up portrait"),
    "bust": ("portrait", "head-and-shoulders portrait"),
    "half body": ("half-body picture", "picture from the waist up"),
    "full body": ("full-body picture", "full-length picture"),
}
# What most people say beside all these words; texts in the register "usual" alone use them, so that the words
# of published sets stay as they are.
USUAL_PLACE_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "living room": ("at home",),
    "cafe": ("in a coffee shop", "in a restaurant"),
    "doctor's office": ("at the doctor's", "in a hospital"),
    "park": ("at the park",),
    "forest": ("in the forest",),
    "beach": ("at the beach", "by the sea"),
    "city street": ("on a street", "in the city", "on the street"),
    "ship": ("on a boat",),
    "classroom": ("at school",),
}
USUAL_STYLE_NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "pencil sketch": ("pencil drawing",),
    "comic": ("comic", "cartoon"),
    "pixel art": ("pixel art image",),
}
USUAL_STYLE_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "watercolor": ("as a watercolor",),
    "pencil sketch": ("as a pencil drawing",),
    "comic": ("as a comic", "as a cartoon"),
}
USUAL_FRAMING_NOUNS: Final[dict[str, tuple[str, ...]]] = {
    "close-up": ("closeup",),
    "bust": ("portrait", "headshot"),
    "full body": ("full body picture", "full body shot"),
}
# The same at the end of a request: "Paint Mia in a garden, full body."
USUAL_FRAMING_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "close-up": ("up close", "close-up"),
    "bust": ("head and shoulders", "as a portrait"),
    "half body": ("from the waist up", "half body"),
    "full body": ("full body", "from head to toe", "full-length"),
}
PAIR_DOINGS: Final[dict[str, tuple[str, ...]]] = {
    "none": (
        "standing side by side",
        "standing next to each other",
        "together",
        "side by side",
        "posing together",
    ),
    "sitting on a couch": (
        "sitting on a couch together",
        "sitting on a couch",
        "sitting side by side on a couch",
    ),
    "looking at a laptop": (
        "looking at a laptop together",
        "looking at a laptop screen",
        "working on a laptop together",
    ),
    "reading a book": ("reading a book together", "reading a book", "looking into a book together"),
    "taking a selfie": ("taking a selfie", "taking a selfie together", "posing for a selfie"),
    "sitting at a table": ("sitting at a table", "sitting at a table together", "seated at a table"),
    "examining": ("examining {other}'s face", "examining {other}", "taking a close look at {other}'s face"),
    "holding the baby": ("holding {other}", "holding {other} in both arms", "with {other} in both arms"),
    "kissing on the cheek": ("kissing {other} on the cheek", "giving {other} a kiss on the cheek"),
    "hugging": ("hugging", "hugging each other", "in a warm hug"),
    "holding hands": ("holding hands", "standing hand in hand"),
    "holding flowers": ("holding flowers", "standing together with flowers", "holding flowers together"),
}
LONE_DOINGS: Final[dict[str, tuple[str, ...]]] = {
    "none": ("", "", "standing", "posing", "looking into the picture"),
    "sitting on a couch": ("sitting on a couch",),
    "looking at a laptop": ("looking at a laptop", "working on a laptop", "looking at a laptop screen"),
    "reading a book": ("reading a book", "reading"),
    "taking a selfie": ("taking a selfie", "posing for a selfie"),
    "sitting at a table": ("sitting at a table", "seated at a table"),
    "holding flowers": ("holding flowers", "with flowers in both hands"),
}
# Interactions in which the first does something to the second: the order of the names matters.
ONE_SIDED: Final = ("examining", "holding the baby", "kissing on the cheek")


def place_phrases(setting: str) -> tuple[str, ...]:
    """Every way to say that somebody is there, those of the register "usual" among them."""
    return (*PLACE_PHRASES[setting], *USUAL_PLACE_PHRASES.get(setting, ()))
