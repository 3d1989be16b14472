"""English words that help to tell a person's name from other capitalised words. Lists only, no rules."""

from __future__ import annotations

from typing import Final


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


TITLES: Final = word_set(
    "mr mrs ms miss mister dr doctor prof professor sir madam lady lord king queen prince princess "
    "captain uncle aunt auntie nurse officer detective sergeant general chef coach father sister "
    "brother saint st grandma grandpa granny cousin baby "
)
# Written onto a name out of courtesy.
HONORIFICS: Final = ("先生", "女士", "小姐", "さん", "ちゃん", "くん", "さま", "様", "씨", "님")
KIN: Final = word_set("mom mum mommy mummy dad daddy grandma grandpa granny nana papa mama")
PARTICLES: Final = word_set("van von de der den da di du la le bin al ibn del")

# Words that are names too: in the middle of a sentence a capital decides, at its start what follows does.
AMBIGUOUS: Final = word_set(
    "will may mark rose grace hope joy bill art jack summer autumn april june august daisy lily ivy "
    "ruby amber violet iris faith rich drew pat sue frank chase hunter mason carter dawn olive sky "
    "robin jay chance max ray rob dean miles christian sandy penny ginger pearl jade crystal melody "
    "roman harmony angel hazel holly heather reed cliff forest heath rocky stormy star clay glen dale "
    "ford grant lance pierce wade trey norm gene faye "
)

# Nearly always something else than a person, wherever it stands.
ORDINARY: Final = word_set(
    # function words
    "a an the this that these those there here it its he she they we you i me my your his her their "
    "our him them us and or but so if then else when while where who whom whose what which why how "
    "because since although though as at by for from in into inside of off on onto out outside over "
    "through to toward towards under up upon with without within behind beside besides between before "
    "after during until about above below near next not no yes is are was were be been being am do "
    "does did done has have had having can could would should shall might must both each every all "
    "any some none one two three four five six seven eight nine ten first second third last another "
    "other others also too very just only even again still once now later soon today tonight tomorrow "
    "maybe perhaps please thanks thank hello hi hey ok okay sure great good nice well oh wow let's "
    "let lets more most less same such many much few several everyone everybody someone somebody "
    "nobody nothing something everything instead finally meanwhile however together back down left "
    "right same i'm i'd i'll i've it's that's don't can't "
    # what one asks a painter to do
    "add adjust back backtrack bring change close color colour combine continue copy create crop cut "
    "delete depict design draw edit erase expand fill fix flip forget generate get give go have hide "
    "illustrate imagine increase insert keep leave look make merge move paint photograph pick place "
    "portray produce put recall recolor recolour redo reduce remove render repeat replace restore "
    "return revert roll rotate select set shift show sketch start step swap switch take tell "
    "translate try turn undo use want visualize wear write zoom describe locate point find see meet "
    "say ask enlarge shrink brighten darken picture put focus apply include transform convert "
    "rollback dye caption reproduce tint braid shave tie curl straighten trim lengthen shorten age "
    "dim letter sign spell rewrite outline retouch soften sharpen blur pose seat dress clothe lend "
    "toss drop lift open close reveal count compare "
    # what pictures are made of
    "photo photograph photos picture pictures image images portrait portraits scene painting drawing "
    "illustration selfie closeup close-up shot view snapshot cartoon comic watercolor watercolour "
    "storybook pastel pencil oil pixel style background foreground lighting light camera setting "
    "subject subjects mood atmosphere composition details face faces head hair hat cap eyes glasses "
    "shirt dress coat sweater jacket hand hands smile pose wall window door table couch sofa chair "
    "room kitchen garden park forest beach mountain mountains city street office library cafe school "
    "classroom ship house home tree trees flower flowers grass snow rain sun sky moon water sea ocean "
    "river sunlight sunset sunrise night day morning evening afternoon winter spring summertime "
    "dinner lunch breakfast food dog dogs cat cats bird birds horse car cars book books laptop phone "
    "coffee music wind clouds leaves shadows "
    # people who are not named
    "woman women man men girl girls boy boys child children kid kids people person persons couple "
    "couples friend friends family families baby babies teenager teenagers adult adults lady "
    "gentleman guy guys doctor teacher student nurse bride groom mother father sister brother son "
    "daughter husband wife parents twins siblings elderly young old little tall short middle-aged "
    "happy sad smiling laughing beautiful handsome cute "
    # looks
    "black white gray grey red maroon orange yellow green mint-green blue light-blue navy-blue navy "
    "purple pink tan brown beige gold golden silver dark bright fair long curly plain striped big "
    "small large tiny new warm cool cold soft dim dusk dawnlight daylight moonlight candlelight calm "
    "neutral simple plain floral checkered pale deep medium messy "
    # calendar, places, peoples, makers, feasts
    "monday tuesday wednesday thursday friday saturday sunday january february march july september "
    "october november december christmas easter halloween thanksgiving hanukkah diwali valentine "
    "valentine's new-year english french german italian spanish chinese japanese korean indian "
    "african american european asian british irish mexican russian dutch greek turkish arabic latin "
    "victorian gothic renaissance baroque impressionist egyptian viking europe asia africa america "
    "london rome tokyo york england france germany italy spain china japan india macbook iphone ipad "
    "apple google nike adidas canon nikon kodak polaroid pixar disney ghibli lego starbucks instagram "
    "photoshop internet god earth mars jupiter venus "
)

# Between an article and a capitalised word, these show a thing: "a silver MacBook".
OBJECT_ADJECTIVES: Final = word_set(
    "black white gray grey red maroon orange yellow green blue navy purple pink tan brown beige gold "
    "golden silver big small large tiny new old shiny wooden metal leather vintage classic open "
    "closed "
)

# What follows a name that stands first in a sentence.
VERBS: Final = word_set(
    "is are was were has have had wears wore sits sat stands stood holds held looks looked smiles "
    "smiled laughs leans lies kneels walks runs plays reads hugs kisses can could should would will "
    "must does did appears seems also now then who whose "
)
FOLLOWERS: Final = VERBS | word_set(
    "with in on at from beside next wearing holding sitting standing smiling looking "
)

# Before a word in lower case they show that it is no name: "the coral", "more balloons".
DETERMINERS: Final = word_set(
    "a an the this that these those some any no all both each every more most many few several other "
    "another my your his her its our their two three four five six seven eight nine ten "
)

# What stands before letters that are to be painted: "a sign that says 你好".
WRITTEN: Final = word_set(
    "says say said saying reads read reading text texts words word letters characters character written "
    "write writes writing title titled sign signs means meaning label labelled labeled caption "
)
