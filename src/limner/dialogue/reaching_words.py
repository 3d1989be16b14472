"""The words of ways back, as patterns: the grammar behind the phrase table. Knows words, decides nothing."""

from __future__ import annotations

import re
from typing import Final

from limner.dialogue.edit_verbs import VERBS
from limner.dialogue.ways_back import NUMBERS, ORDINALS
from limner.dialogue.words import word_set


def _any(*parts: str) -> str:
    return "(?:" + "|".join(parts) + ")"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


MORE_NUMBERS: Final = (
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
)
NUMBER: Final = rf"(?:\d{{1,4}}|{'|'.join((*NUMBERS, *MORE_NUMBERS))}|a couple of|both)"
CHANGE_VERB: Final = "|".join(sorted(VERBS | {"hand", "do"}))
_UNIT: Final = (
    r"(?:steps?|times?|rounds?|edits?|changes?|actions?|versions?|pictures?|images?|photos?|modifications?"
    r"|tweaks?|moves?|turns?|adjustments?|alterations?|stages?|x)"
)
_PICTURE: Final = (
    r"(?:pictures?|images?|photos?|photographs?|pics?|versions?|drawings?|paintings?|one|shot|result)"
)
_UNDOES: Final = (
    r"(?:ignore|undo|un-do|undoing|revert|reverse|rewind|roll ?back|back ?track|recall|cancel|drop"
    r"|discard|scrap"
    r"|ditch|forget|scratch(?= (?:that|it|this|the|my|your|everything|all)\b)"
    r"|remove|delete|erase|wipe|clear|throw(?: away| out)|take(?: [a-z ]{1,12}?)? (?:back|away)"
    r"|takes? back|lose"
    r"|retract|toss|nix"
    r"|strike|skip|get rid of|unwind|wind back|withdraw|never ?mind)"
)
_RECENT: Final = r"(?:last|latest|most recent|previous|newest|recent|past)"

LEAD: Final = _pattern(
    r"(?:(?:please|kindly|no|nope|nah|now|well|hmm+|ok(?:ay)?|actually|sorry|oh|hey|so|and|then"
    r"|next|but|yes|right"
    r"|wait|ah|uh|good|great|fine|thanks|alright)\b[\s,.:;!–-]*"
    r"|(?:can|could|would|will|may|shall|should) (?:you|we|i)(?: please| now)? "
    r"|i(?:'d|’d| would) (?:like|love|rather|prefer)(?: you)?(?: to(?: have| see)?)? "
    r"|i(?:'d|’d) rather (?:have )?|i (?:want|need)(?: you)?(?: to(?: see)?)? "
    r"|let(?:'s|’s| us) |i (?:don't|don’t|do not) like (?:it|that|this)[,.;!]*\s+|don't keep that[;,.]\s*"
    r"|please )"
)
FILLERS: Final = word_set(
    "go back return to the a an it is was as of way how what we had have has did does do look looks like "
    "looked things thing were picture image photo photograph pic version versions state stage point "
    "moment show me let see again once more take use from start starting started begin beginning begins "
    "work working continue continuing carry on bring up restore revert please i want would could can you "
    "give get pull open display with that this in at and just right immediately need there be been my "
    "earlier previous all then now out here when where still so better prefer rather want like move jump "
    "base based using step steps backwards backward backup same one ones another time bit also shortly "
    "exactly directly s d ll ve undo rewind roll rollback recall backtrack by off your yours our us reuse "
    "about switch switched over both hmm hm nope no nah okay ok yes oh ah well sorry wind walk wound "
    "liked preferred more best much jump skip nicer prettier shown seen displayed opened "
    "scroll take taken make get put off entirely completely everything something those these"
)

INSTEAD: Final = _pattern(r"\b(?:instead of|rather than|in (?:the )?(?:place|stead) of)\s+(?P<old>.+)$")
BARE_INSTEAD: Final = _pattern(r"(?P<new>.+?),? instead[.!]*")
PREFERS: Final = _pattern(
    r"(?:i(?:'d|’d| would)? (?:rather )?(?:prefer|have|favou?r)|(?:please )?make it) (?P<new>.+?)"
    r" (?:over|rather than) (?P<old>(?:the|a|an|that) .+)"
)
RATHER: Final = _pattern(
    r"i(?:'d|’d| would) (?:rather|sooner) (?:have|see|take|like) (?P<new>.+?) than (?P<old>.+)"
)
BETTER: Final = _pattern(
    r"(?P<new>.+?) (?:would|might|could|will)(?: look| be| work)?(?: much)? better than (?P<old>.+)"
)
REFUSED: Final = _pattern(
    r"(?:not|no(?: more)?|without) (?:the |a |an |this |that |any )?(?P<old>[^,.]{2,40})"
)
ALL_AFTER: Final = _pattern(
    r",?\s+(?:and|or|plus|with) (?:everything|all|what|whatever|the rest|anything|every)\b.*$"
)
OLD_ENDS: Final = _pattern(
    r",?\s+(?P<rest>(?:it|things|everything|that) (?:was|were|looked|is|looks) (?:better|nicer|good|fine)\b.*"
    r"|(?:i(?:'d|’d| would| want)|please|let(?:'s|’s)?)\b.*)$"
)
THAT: Final = _pattern(rf"(?:that|this|it|(?:the )?last(?: {_PICTURE})?)(?: one)?")
WITHOUT: Final = _pattern(
    r"(?:\b(?:way|how|version|picture|image|photo|one|again|looked|state)\b[^,]*?"
    r"|\b(?:liked?|preferr?(?:ed)?|better|nicer)(?: (?:it|this|that|them))?(?: (?:better|more"
    r"|best))? )\bwithout "
    r"(?P<old>(?:the|that|his|her) .+)$"
)
BEFORE: Final = _pattern(r"\b(?:before|prior to|ahead of|preceding|up until|until)\s+(?P<old>.+)$")
AFTER: Final = _pattern(
    r"(?:\b(?:right |just |directly |immediately |straight |shortly )*(?:after|following|once(?= (?:you"
    r"|it|the|he|she|his|her)\b))\s+"
    r"|\bthat (?:came|resulted) (?:of|from)\s+|\bmade by\s+|\b(?:resulting|coming) from\s+"
    r"|\b(?:undo|revert|roll back|back|down) (?:up |all the way |back )*to (?=(?:the|his|her|that) [^,]*?$)"
    r"(?!.*\b(?:picture|image|photo|version|one|scene|start|beginning|original|first|before|state"
    r"|point|moment|way)\b)"
    r"|\b(?:of |to )?(?:when|where) you (?:had |have )?(?:just |only )?(?:finished )?)(?P<old>.+)$"
)
# "Go back to when it was winter", "the point where Paul got his moustache".
WHEN: Final = _pattern(
    r"\b(?:back|return|revert|rewind|restore|recall|backtrack)\b[^,]*? "
    r"(?:when|where) (?!you\b|we (?:were|left|started|began)\b|it (?:all )?(?:started|began)\b)"
    r"(?P<old>[\w'’]+(?: [\w'’]+)? (?:was|were|still|first|just|only|had|has|got|became|turned"
    r"|wore|held|stood|sat"
    r"|looked|is|are)\b .+)$"
)
UNHAPPENED: Final = _pattern(
    r"(?:pretend|act as if|what if|as if|as though)(?: that)? (?P<old>(?:the|that|this|we|you|i"
    r"|it|my|his|her)\b.*?)"
    r" (?:never|had never|did not|didn't|didn’t|hadn't|hadn’t|had not)\b(?P<more>.*)"
)
TAKES_BACK: Final = _pattern(
    r"(?:undo|un-do|revert|cancel|forget|scrap|scratch|discard|retract|withdraw|skip|ignore|never ?mind"
    r"|take back|roll back)(?: about)? (?P<old>(?:the|that|my|his|her|their|its) [^,]+?)"
)
KEEPS_REST: Final = _pattern(
    r"\b(?:keep|leave)\b[^.]*\b(?:rest|others?|everything(?: else)?|all)\b|\bbut (?:only|not|keep|leave)\b"
)
FURTHER: Final = _pattern(r"\b(?:then|again|another|more|further|from there)\b")
BARE_NUMBER: Final = _pattern(
    rf"(?:(?:the )?(?P<which>{'|'.join(ORDINALS)})(?: one)?|#?(?P<n>\d{{1,3}}))(?: again| please| once more)*"
)
RETURNS: Final = _pattern(
    r"\b(?:from|go|going|return|revert|back|show|use|using|take|start|begin|restore|bring|see|how"
    r"|what|way|version|state"
    r"|picture|image|photo|point|moment|recall|again|as it|roll|reset|give me|want|like|better|nicer|work"
    r"|continue"
    r"|display|open|pull|one|undo|rewind)\b"
)
RETURNS_TO: Final = _pattern(
    r"^(?:let me (?:see|have)|give me|i (?:liked?|preferr?(?:ed)?|want)|go|get|bring|show|take|use|return"
    r"|revert|restore|recall|roll|back|in|from|start|work|let me see|see|display"
    r"|pull|open)\b"
)
DONE: Final = _pattern(
    r"^(?:you|we|i|it|he|she|they|his|her|the)\b.*\b(?:was|were|got|had|gave|made|turned|added"
    r"|changed|put|took|dyed"
    r"|painted|became|set|came|became)\b|^\w+ing\b"
)
NUMBERED: Final = _pattern(
    rf"@?\b(?:the )?(?:picture|image|photo|photograph|pic|img|version|revision|round|drawing|painting)s?\s*"
    rf"(?:number |no\.? ?|nr\.? ?|#)?\s*(?:(\d{{1,4}})\b|({'|'.join(NUMBERS)})\b(?!\s+(?!and|again|please"
    rf"|once|then|as|with|is|was)\w))"
    r"|(?<!\w)#(\d{1,4})\b"
)
ORDINAL: Final = _pattern(
    rf"\b(?:(?:the|that|this)\s+)?(?P<whose>your\s+)?(?:very |absolute )?"
    rf"(?P<which>{'|'.join(ORDINALS)}|\d{{1,4}}(?:st|nd|rd|th)|last|latest|current|present|newest) "
    rf"(?:picture|image|photo|photograph|version|one|drawing|painting|round|shot)\b"
    rf"(?P<made>\s+(?:that |which )?you(?:'ve|’ve| have)? (?:made|painted|drew|drawn|created|produced"
    rf"|generated|gave me|did))?"
)
GIVEN: Final = _pattern(
    r"\b(?:the )?(?:original )?(?:picture|image|photo|photograph|upload|one|what) (?:that |which )?i"
    r"(?:'ve|’ve| have| had)? (?:gave|given|sent|uploaded|brought|shared|provided|started with|posted"
    r"|showed|attached)"
    r"(?: (?:to )?(?:you|here))?(?: (?:at|in) the (?:very )?(?:start|beginning|first))?\b"
    r"|\bmy (?:very |own |original |first |uploaded )*(?:picture|photo|image|upload|snapshot|photograph"
    r"|original)\b"
    r"|\b(?:the|that|an?|its) (?:unedited |untouched )?original(?: (?:picture|image|photo|photograph"
    r"|version|one|state))?\b"
    r"|\b(?:original|unedited|untouched|unchanged|unmodified) (?:picture|image|photo|version)\b"
)
_ALL_EDITS: Final = (
    rf"(?:everything|it all|all(?! {NUMBER}\b)(?: of)?(?: (?:the|your|my|our|these|those|that))?"
    r"(?: (?:edits|changes|modifications|steps|actions|alterations))?|(?:every|each) (?:single )?(?:edit"
    r"|change)"
    r"|(?:the|your|my|our) (?:edits|changes|modifications))"
)
FIRST: Final = _pattern(
    r"\b(?:from|to|at|with|in) (?:scratch|square one|zero|the (?:very |absolute )?(?:beginning|start"
    r"|outset|top))\b"
    r"|\bsquare one\b|\bwipe the slate(?: clean)?\b|\b(?:clean|blank) slate\b"
    r"|\bstart(?:ing)? (?:all )?(?:over|again|anew|afresh|fresh)\b"
    r"|\bbegin(?:ning)? (?:all )?(?:again|anew|afresh|over)\b|\breset(?: (?:everything|it(?: all)?|all"
    r"|the picture))?\b"
    r"|\bhow (?:it|this|everything)(?: all)? (?:started|began)\b"
    r"|\bthrow (?:everything|it all|all of it) (?:away|out)\b"
    rf"|\b{_UNDOES}(?: away| back)? {_ALL_EDITS}(?! (?:the|but|except))\b"
)
_ENDS: Final = r"(?=$|,| and\b| then\b| but\b| please\b)"
_OLD: Final = r"(?P<old>[^,.;:]+?)"
_AGAIN: Final = r"(?: once)? (?:again|more|back)\b"
DESCRIBED: Final = (
    _pattern(
        r"\b(?:the|that|our) (?:picture|image|photo|version|one|scene|painting|drawing|shot)s? "
        rf"(?:with|where|in which|when|that (?:has|had|shows)|of|showing|having|that you made with) {_OLD}"
        r"(?: (?:again|once more|back))?$"
    ),
    _pattern(
        rf"\b(?:show(?: me)?|see|bring(?: up)?(?: back)?|give me|(?:go|get) back to|back to|return to"
        rf"|pull up|restore|take"
        rf"|use|open) (?:the|that|our) {_OLD} (?:picture|image|photo|version|one|scene|drawing|painting"
        rf"|shot)\b"
        rf"(?:{_AGAIN})?(?: of (?P<of>[^,.;:]+))?"
    ),
    _pattern(rf"\bshow(?: me)? (?:the|that|our) {_OLD}(?: once)? (?:again|once more|more)$"),
    _pattern(
        rf"^(?:the|that|our) {_OLD} (?:picture|image|photo|version|one|scene|drawing|painting|shot){_AGAIN}$"
    ),
    _pattern(rf"\b(?:bring back|(?:go|get) back to|back to|return to) (?:the|that|our) {_OLD}$"),
)
PAINTS_NEW: Final = _pattern(r"\b(?:paint|draw|create|generate|imagine|sketch|new|another|different)\b")
BACKWARD: Final = _pattern(
    rf"\b(?:{_UNDOES}|back|backwards?|ago|earlier|rollback|steps? back|rewind|wind|backtrack(?: by)?"
    rf"|previous|(?:before|second[- ]to|second[- ]from|next[- ]to|next[- ]from)[- ](?:the[- ])?last"
    rf"|last (?:\w+ )?but one|penultimate|undos|changed? my mind)\b"
)
COUNTED: Final = (
    _pattern(
        rf"\b(?:(?:the|my|your|our|those|these|all|by|just"
        rf"|only)\s+)*(?:{_RECENT}\s+)?{NUMBER}\s*(?:{_RECENT}\s+)?{_UNIT}\b"
    ),
    _pattern(r"\b(?:once|twice|thrice)\b"),
    _pattern(rf"\b{NUMBER} undos?\b"),
    _pattern(rf"\b(?:the|that|this|my|your|our) (?:very )?{_RECENT} (?:{_UNIT}|one|thing|bit)\b"),
    _pattern(rf"\b(?:by|back(?: up)?(?: by)?) {NUMBER}\b"),
    _pattern(
        rf"(?:^|\b(?:go|step|skip|jump|roll|wind|take (?:it|us|me)|bring (?:it|us"
        rf"|me)) ){NUMBER} back(?:wards?)?"
        r"(?=$|,| and\b| then\b| but\b| please\b)"
    ),
    _pattern(
        rf"\b{_UNDOES} (?:(?:the|my|your|our|those|these|only|just) )*{_RECENT} {NUMBER}"
        rf"(?: of (?:them|those|these))?{_ENDS}"
    ),
    _pattern(
        r"\b(?:undo|revert|rewind|roll ?back|back ?track|recall|cancel|retract|unwind|take back) "
        rf"(?:(?:only|just|the|those|these) )*(?:x ?)?(?!both\b){NUMBER}(?: of (?:them|those|these))?{_ENDS}"
    ),
    _pattern(
        rf"\b(?:the )?(?:{_PICTURE}|thing|change|edit) (?:right "
        rf"|just )?before (?:the )?last(?: {_PICTURE})?\b"
        rf"|\b(?:the )?(?:second|next)[- ](?:to|from)[- ](?:the[- ])?last(?: {_PICTURE})?\b"
        rf"|\b(?:the )?(?:last (?:{_PICTURE} )?but one|penultimate(?: {_PICTURE})?)\b"
    ),
    _pattern(rf"\b(?:to )?(?:the|that) (?:previous|earlier|prior) {_PICTURE}\b"),
)
BARE_BACK: Final = _pattern(
    rf"(?:i liked it better before|it was (?:better|nicer) before|ctrl[ +-]?z|cmd[ +-]?z"
    rf"|(?:the )?previous(?: one)?"
    rf"|back|(?:make|put|have|leave|set) (?:it|that|this)(?: back)? (?:to )?(?:like|as|how"
    rf"|the way)?(?: it was)? before"
    rf"|i (?:liked|preferred) (?:the )?(?:previous|earlier|last) {_PICTURE}(?: (?:more|better|best))?"
    rf"|(?:just |simply )?{_UNDOES}(?: (?:it|that|this|please|now|the change|your change"
    rf"|what you (?:just )?did))*"
    r"|(?:a |one )?(?:step|go|take(?: it| that| this)?|move|roll(?: it)?) back(?: (?:please"
    r"|a step|a bit|again))*"
    r"|(?:take|put) (?:it|that|this) back)"
)
PICTURE_CALLED: Final = (
    r"(?:\b(?:the |that |our )?(?:picture|image|photo|one|version|result)?\s*(?:(?:that |which )?(?:i|we"
    r"|you) )?"
    r"(?:called|named|labelled|labeled)\s+)?[\"“']?"
)
UNKNOWN_CALLED: Final = _pattern(
    r"\b(?:the|that|our) (?:picture|image|photo|one|version|result) (?:(?:that |which )?(?:i|we|you) )?"
    r"(?:called|named|labelled|labeled) [\"“']?(?P<n>[^\s,.;:\"”']+)[\"”']?"
)
LEADS_THERE: Final = _pattern(
    r"(?:please )?(?:(?:the )?same(?: \w+)? as(?: in| on)?|like|in|on|from|with|for|using|use"
    r"|take|to|at|based on"
    r"|starting (?:from|with|at"
    r"|over from)|go(?: back)? to"
    r"|return to|back to|work on|continue with|go on (?:from|with)|begin (?:again )?(?:from|with)"
    r"|start(?: again| over)? (?:from|with)|open(?: up)?|edit|let(?:'s|’s) (?:continue|go on"
    r"|work) (?:with|on|from)|recall)"
)
REMARK: Final = _pattern(
    r"(?:oops|ouch|argh|not (?:so |very |really |quite )?(?:good|nice|right|great|bad|like that|this way"
    r"|there yet)|(?:that|this|it|everything|all|the last \w+|that last \w+)"
    r"(?: (?:that )?(?:you|we|i) (?:changed|did|made|added|painted|have done))?(?:'s|’s| was| is| looked"
    r"| looks) (?:\w+ )*"
    r"(?:mistake|wrong|worse|bad|ugly|better|nicer|terrible|awful|nonsense)(?: before)?"
    r"|i (?:really )?(?:liked?|prefer(?:red)?)"
    r" (?:it|that|this)(?: (?:better|more))?(?: before)?|i (?:hate|dislike|don't like|don’t like) \w+)[.!]*"
)
TRAILING: Final = _pattern(r"(?:,?\s+(?:instead|there|please|from there|again|then))+[.!?]*$")
