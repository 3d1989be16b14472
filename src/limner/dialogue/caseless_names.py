"""Where one name ends and the next begins in scripts without capitals: 张伟和李娜 are two persons.

Chinese and Japanese write "and" between two names without spaces, with letters that names are made of
too (李和平, 和子, さとし); Korean writes it onto the name before. Goes by how long names are, by what stands
on both sides, and by the commonest family names. What stays open is left as one name: 田中とし子 is a person,
so 田中とさくら is not taken apart. Knows letters. Knows nothing about sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from limner.dialogue.letters import UNSPACED
from limner.dialogue.words import HONORIFICS, word_set

__all__ = ["CONJUNCTIONS", "is_surely_a_name", "parts_of"]

Part = tuple[int, int]

_HAN: Final = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_HIRAGANA: Final = re.compile(r"[\u3041-\u3096]")
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]+")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_UNSPACED: Final = re.compile(rf"[{UNSPACED}]")
MAX_KOREAN: Final = 4  # syllables of a name

# The longer before what they end with.
_JOINT: Final = re.compile(r"以及|还有|還有|そして|および|이랑|하고|[和与與跟及同とや와과랑]")
_LONG_JOINTS: Final = word_set("以及 还有 還有 そして および")
_HAN_JOINTS: Final = frozenset("和与與跟及同")
_KANA_JOINTS: Final = frozenset("とや")
_TO_NEXT: Final = re.compile("[^和与與跟及同とや]{0,6}")
# Words of their own, between spaces, where names have no capitals either.
CONJUNCTIONS: Final = word_set(
    "以及 还有 還有 そして および 그리고 하고 이랑 और एवं तथा এবং আর మరియు மற்றும் અને ਅਤੇ اور და እና"
)

_CHINESE: Final = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程"
    "曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖"
    "邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞"
    "龐樊兰蘭殷施陶洪翟安颜顏倪严嚴牛温芦季俞章鲁魯葛伍韦韋申尤毕畢聂聶丛焦向柳邢路岳齐齊沿梅莫庄"
    "莊辛管祝左涂谷祁时時舒耿牟卜詹关關苗凌费費纪紀靳盛童欧歐甄项項曲成游阳陽裴席卫衛查屈鲍鮑位覃"
    "霍翁隋植甘景薄单單包司柏宁寧柯阮桂闵閔"
)
# Of these, what begins other words as often: 白马, 黄花, 金鱼.
_WORDS_TOO: Final = frozenset("白黄黃金马馬牛毛石江高龙龍雷熊温安常方叶葉汤湯钱錢洪易万萬单單向成时時")
_NICKNAMES: Final = frozenset("小老阿")
_JAPANESE: Final = word_set(
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡部 山本 中村 小林 加藤 吉田 山田 佐々木 "
    "山口 松本 井上 木村 清水 山崎 阿部 森 池田 橋本 山下 石川 中島 前田 藤田 "
    "後藤 小川 岡田 長谷川 村上 近藤 石井 斎藤 斉藤 齋藤 坂本 遠藤 青木 藤井 西村 "
    "福田 太田 三浦 岡本 松田 中川 中野 原田 小野 竹内 田村 金子 和田 中山 藤原 "
    "石田 上田 森田 柴田 酒井 工藤 横山 宮崎 宮本 内田 高木 安藤 谷口 大野 丸山 "
    "今井 高田 藤本 武田 村田 上野 杉山 増田 平野 大塚 千葉 久保 松井 小島 岩崎 "
    "桜井 野口 松尾 野村 木下 菊地 菊池 佐野 大西 杉本 新井 古川 浜田 水野 小松 "
    "島田 山内 高野 小山 吉川 西田 北村 川口 古賀 平田 安田 本田 五十嵐 川上 川崎 "
    "東 中西 服部 飯田 関 岩田 土屋 樋口 永井 辻 秋山 田口 福島 矢野 川村 荒木 "
    "大久保 小池 浅野 熊谷 松岡 吉村 星野 黒田 尾崎 望月 永田 内藤 松村 西川 大谷 "
    "平井 大島 田辺 早川 菅原 小早川 伊東 堀 石原 荒井 黒木"
)
# What follows 和 or 与 in Japanese given names.
_OLD_GIVEN: Final = word_set(
    "太郎 一郎 二郎 次郎 三郎 四郎 五郎 六郎 七郎 八郎 十郎 歌子 香子 佳子 加子 "
    "可子 賀子 香奈 佳奈 可奈 加奈 歌奈"
)
_COMMON_KOREAN: Final = frozenset("김이박최정강조윤장임")
_KOREAN: Final = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천"
    "방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모"
)


def parts_of(word: str, following: str) -> Iterator[Part]:
    """The (start, end) of each name that `word`, letters in a row, is made of: itself where it is one.

    `following` is the text behind it, of which two letters are looked at.
    """
    start, end = 0, len(word)
    for joint in _JOINT.finditer(word):
        if joint.end() == end:
            if _is_written_on(word, start, joint, following):
                end = joint.start()
        elif _stands_between(word, start, joint):
            yield start, joint.start()
            start = joint.end()
    yield start, end


def is_surely_a_name(word: str) -> bool:
    """Whether a word is a name by its family name and its length, also where nothing else is said."""
    bare = next((word.removesuffix(each) for each in HONORIFICS if word.endswith(each)), word)
    if _HANGUL.fullmatch(bare):
        return bare[0] in _KOREAN and len(bare) == 3
    is_chinese = bare[:1] in _CHINESE - _WORDS_TOO and len(bare) in (2, 3)
    return (is_chinese and all(map(_HAN.match, bare))) or bare in _JAPANESE


def _stands_between(word: str, start: int, joint: re.Match[str]) -> bool:
    """Whether `joint` stands between two names, the first of which begins at `start`."""
    said, num_left, num_right = joint.group(), joint.start() - start, len(word) - joint.end()
    before, after = word[joint.start() - 1 : joint.start()], word[joint.end()]
    if _LATIN.match(before) or _LATIN.match(after):
        return num_left > 0
    if min(num_left, num_right) < 2:
        return False
    if said in _LONG_JOINTS:
        return True
    if said in _HAN_JOINTS:
        is_han = _HAN.match(before) and _HAN.match(after)
        return bool(is_han) and not _is_japanese_given_name(word, start, joint)
    if said in _KANA_JOINTS:
        return _stands_between_kana(word, start, joint)
    return num_left + len(said) + num_right > MAX_KOREAN and after in _KOREAN and _fits(before, said)


def _is_written_on(word: str, start: int, joint: re.Match[str], following: str) -> bool:
    """Whether `joint` ends a word, is no part of the name before it, and joins that to the next word."""
    said, num_left = joint.group(), joint.start() - start
    before, after = word[joint.start() - 1 : joint.start()], following[1:2]
    if not following.startswith(" ") or not (_UNSPACED.match(after) or (after.isupper())):
        return False
    if _LATIN.match(before):
        return num_left > 0
    if num_left < 2:
        return False
    if said in _LONG_JOINTS:
        return True
    left = word[start : start + 3]
    if said in _HAN_JOINTS:
        return left[0] in _CHINESE and left[:2] not in _JAPANESE and left not in _JAPANESE
    if said in _KANA_JOINTS:
        return not _HIRAGANA.match(before) or _is_polite(word, joint.start())
    is_open = said == "랑" and num_left == 2 and left[0] in _COMMON_KOREAN  # 김사랑 is a name
    return _fits(before, said) and not is_open


def _stands_between_kana(word: str, start: int, joint: re.Match[str]) -> bool:
    """Names with these letters in them are left whole: 田中とし子, いとう, まつもと太郎, つちや."""
    at = joint.start()
    if _is_polite(word, at):
        return True
    is_kana_before, is_kana_after = _HIRAGANA.match(word[at - 1]), _HIRAGANA.match(word[joint.end()])
    if joint.group() == "や":
        return not is_kana_before and not is_kana_after
    if is_kana_after:
        return not is_kana_before and not _HAN.match(word[at - 1])
    left = word[max(start, at - 2) : at]
    return left == "もも" or not left.endswith(("も", "やま"))


def _is_japanese_given_name(word: str, start: int, joint: re.Match[str]) -> bool:
    """Whether `joint` begins the given name of a Japanese person: 佐藤和太郎, 田中和香奈."""
    left, right = word[start : min(start + 4, joint.start())], _TO_NEXT.match(word, joint.end())
    assert right is not None
    given = right.group()
    if joint.group() not in "和与與":
        return False
    if left in _JAPANESE:
        return given[:2] not in _JAPANESE and given[:1] not in _CHINESE | _NICKNAMES
    is_chinese = len(left) == 2 and left[0] in _CHINESE | _NICKNAMES
    return given in _OLD_GIVEN and not is_chinese


def _is_polite(word: str, end: int) -> bool:
    return word[max(0, end - 3) : end].endswith(HONORIFICS)


def _fits(before: str, said: str) -> bool:
    """Whether a Korean particle has the form that follows this syllable, open or closed."""
    if not _HANGUL.match(before):
        return False
    is_closed = (ord(before) - 0xAC00) % 28 > 0
    return said == "하고" or is_closed == (said in ("과", "이랑"))
