"""Verbs with which people ask for a change of a picture. Knows words alone."""

from __future__ import annotations

from typing import Final

from limner.dialogue.words import word_set

VERBS: Final = word_set(
    "add adjust age alter animate apply attach augment begin bend blend blur bring brighten build burn carve "
    "change clean close clothe color colorize colour colourize convert cover create crop cross cut darken "
    "decorate delete depict destroy dim display do draw dress drop duplicate dye edit eliminate enhance "
    "enlarge erase exchange expand extend fade fill fix flip flood fold form freeze frame generate get give "
    "go grow hang have hide hold illuminate improve include incorporate increase infuse insert introduce "
    "inverse invert keep layer leave let light lighten lower make melt merge mirror modernize modify morph "
    "move multiply open overlay paint patch pave place plant point polish pose pour present print put raise "
    "recolor recolour recreate redesign redo reduce redraw reimagine remodel remove rename render repaint "
    "replace resize restore restyle reveal reverse rotate scale scatter seat set shape sharpen shift shorten "
    "show shrink simplify sit soften spread spray sprinkle stack stand stick strip stylize substitute "
    "subtract surround swap switch take tear throw tilt tint transform translate transmute turn undo update "
    "use wake wash wear widen wipe wrap write zoom"
)
# Verbs that are as often nouns after "and": "a hat and light", "a table and mirror".
NOUNS: Final = word_set(
    "age burn color colour cover cross cut do dress drop dye fade fill frame go have hold layer light lower "
    "mirror open overlay patch plant point polish pose present print scale set shape shift show spray stack "
    "stand stick strip switch tear tilt tint wash wear wrap"
)
