"""What a place text says before any place is searched: words mended, cue, generic type, areas named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from preventable.stages.places.index import Index
from preventable.stages.places.normalise import NormalText, qualifier, word_lists
from preventable.stages.places.vocabulary import Likenesses

_LEAST_AREA_LIKENESS = 0.7
_SURE_CORRECTION = 0.85
_LONGEST_AREA = 4
_LONGEST_NAME = 7
_LEAST_LETTERS = 4


@dataclass(frozen=True)
class Mention:
    """An area's name in a text: its group in the index, and where it stands among the words."""

    group: int
    start: int
    length: int


@dataclass(frozen=True)
class ReadText:
    """A text as the search needs it.

    Attributes:
        words: Words in normal form, glued ones split and broken ones joined.
        postcode: Full postcode in the text.
        qualifier: place_qualifier of its cue words.
        place_type: Type that its generic words tell, None where they tell none.
        generic: Whether nothing but generic words, cues and numbers is in it.
        generic_and_area: Whether all that is left without the areas named is generic, and not between two of them.
        named_beside: Whether a name of two or more words stands in it in full, other than of an area named.
        mentions: At most two areas named, longest first.
        named_areas: Groups of every area name found.
        junction: Whether it seems to name a crossing of two streets.
        localities: Of an address, how many words follow the street.
    """

    words: tuple[str, ...]
    postcode: str | None
    qualifier: str
    place_type: str | None
    generic: bool
    generic_and_area: bool
    named_beside: bool
    mentions: tuple[Mention, ...]
    named_areas: tuple[int, ...]
    junction: bool
    localities: int

    @property
    def beside_areas(self) -> list[str]:
        """Words without numbers, leading cues and the areas named; with the areas where nothing else is left."""
        cues = word_lists().cues
        named = {i for m in self.mentions for i in range(m.start, m.start + m.length)}
        first = next((i for i, word in enumerate(self.words) if word not in cues), 0)
        words = [w for i, w in enumerate(self.words) if i >= first and not w.isdigit()]
        beside = [w for i, w in enumerate(self.words) if i >= first and i not in named and not w.isdigit()]
        return beside if sum(map(len, beside)) >= _LEAST_LETTERS else words


def read_texts(index: Index, normal: Sequence[NormalText], longest: int) -> list[ReadText]:
    """Read texts in normal form; `longest` is the most words that are kept of one."""
    # One look-up for all, twice: mending and joining ask for the likenesses of unknown words one by one.
    index.vocabulary.likenesses([word for text in normal for word in text.words])
    apart = [_mended(index, text.words) for text in normal]
    index.vocabulary.likenesses([word for words in apart for word in words])
    mended = [_joined(index, words) for words in apart]
    meanings = dict(_meanings(index, [word for words in mended for word in words]))
    return [
        _read(index, _shortened(words, longest), text, meanings)
        for words, text in zip(mended, normal, strict=True)
    ]


def _meanings(index: Index, words: Sequence[str]) -> list[tuple[str, Likenesses]]:
    distinct = sorted(set(words))
    return list(zip(distinct, index.vocabulary.likenesses(distinct), strict=True))


def _read(
    index: Index, words: tuple[str, ...], normal: NormalText, meanings: dict[str, Likenesses]
) -> ReadText:
    lists = word_lists()
    best = tuple(index.vocabulary.meant(word) for word in words)
    plain = [word in lists.cues or word in lists.generic or word.isdigit() for word in best]
    mentions, groups = _areas_named(index, words, best, meanings)
    covered = {i for m in mentions for i in range(m.start, m.start + m.length)}
    named = _exact_phrases(index, best)
    named_beside = any(not covered.issuperset(span) for span in named)
    rest_is_generic = all(ok for i, ok in enumerate(plain) if i not in covered)
    has_generic_rest = any(best[i] in lists.generic for i in range(len(words)) if i not in covered)
    name_of_area = _area_in_name(best, mentions)
    generic = all(plain) and not named and normal.postcode is None
    junction_word = any(word in lists.junctions for word in best)
    return ReadText(
        words=words,
        postcode=normal.postcode,
        qualifier=qualifier(best),
        place_type=_place_type(best, covered if not generic else set()),
        generic=generic,
        generic_and_area=bool(mentions)
        and rest_is_generic
        and has_generic_rest
        and not named_beside
        and not name_of_area,
        named_beside=named_beside,
        mentions=mentions,
        named_areas=groups,
        junction=junction_word or _street_ends(best) >= 2,
        localities=min(normal.localities, len(words)),
    )


def _shortened(words: tuple[str, ...], longest: int) -> tuple[str, ...]:
    """At most `longest` words: fillers go first, then the last words."""
    if len(words) <= longest:
        return words
    fillers = word_lists().fillers
    return tuple(word for word in words if word not in fillers)[:longest]


def _place_type(words: Sequence[str], left_out: set[int]) -> str | None:
    lists = word_lists()
    found = {
        lists.generic[word] for i, word in enumerate(words) if word in lists.generic and i not in left_out
    }
    group = next((group for group in lists.type_order if group in found), None)
    return None if group is None else lists.type_of.get(group, group)


def _street_ends(words: Sequence[str]) -> int:
    """How many times a street's name seems to end: "church hill rd" once, "mill st quay ln" twice."""
    ends = [word in word_lists().street_types for word in words]
    return sum(end and not following for end, following in zip(ends, [*ends, False][1:], strict=True))


def _exact_phrases(index: Index, words: tuple[str, ...]) -> list[range]:
    """Where places of two or more words are named in full ("park rd", "village inn" must survive)."""
    return [
        range(start, start + length)
        for length in range(2, _LONGEST_NAME + 1)
        for start in range(len(words) - length + 1)
        if words[start : start + length] in index.phrases
    ]


def _areas_named(
    index: Index, words: tuple[str, ...], best: tuple[str, ...], meanings: dict[str, Likenesses]
) -> tuple[tuple[Mention, ...], tuple[int, ...]]:
    area_like = [_as_area_word(index, word, meanings[word]) for word in words]
    found: list[Mention] = []
    for length in range(min(_LONGEST_AREA, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            window = tuple(area_like[start : start + length])
            group = None if None in window else index.area_group.get(window)  # type: ignore[arg-type]
            if group is not None:
                found.append(Mention(group, start, length))
    chosen: list[Mention] = []
    used: set[int] = set()
    for mention in found:
        span = set(range(mention.start, mention.start + mention.length))
        if not span & used and len(chosen) < 2:
            chosen.append(mention)
            used |= span
    return tuple(chosen), tuple(dict.fromkeys(mention.group for mention in found))


def _area_in_name(words: Sequence[str], mentions: Sequence[Mention]) -> bool:
    """Whether a generic word stands between two areas: "Tarnfold social club, Eastmere" names a club."""
    if len(mentions) < 2:
        return False
    first, second = sorted(mentions, key=lambda mention: mention.start)
    between = words[first.start + first.length : second.start]
    return any(word in word_lists().generic for word in between)


def _as_area_word(index: Index, word: str, meaning: Likenesses) -> str | None:
    """The word of an area's name that a typed word stands for."""
    vocabulary = index.vocabulary
    known = vocabulary.id_of.get(word)
    if known is not None and index.name_rows[known] > 0:
        return word
    for meant, likeness in zip(meaning.ids, meaning.likeness, strict=True):
        if likeness >= _LEAST_AREA_LIKENESS and int(meant) in index.area_words:
            return vocabulary.words[int(meant)]
    return word


def _mended(index: Index, words: tuple[str, ...]) -> tuple[str, ...]:
    """Glued words split at known words, broken words joined when the whole is known."""
    known = index.vocabulary.id_of
    mended: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word in index.apart or (word not in known and index.vocabulary.meant(word) in index.apart):
            mended.extend(index.apart[index.vocabulary.meant(word)])
            position += 1
            continue
        following = words[position + 1] if position + 1 < len(words) else ""
        whole = word + following
        if (
            following
            and (word not in known or following not in known)
            and len(whole) >= 5
            and whole in known
            and not whole.isdigit()
        ):
            mended.append(whole)
            position += 2
            continue
        if following and (word not in known or following not in known):
            shifted = _shifted(index, word, following)
            if shifted:
                mended.extend(shifted)
                position += 2
                continue
        mended.extend([word] if word in known or len(word) < 6 else _split(index, word))
        position += 1
    return tuple(mended)


def _joined(index: Index, words: tuple[str, ...]) -> tuple[str, ...]:
    """Mistyped words that are one in normal form ("off licenes") as that one."""
    known, joined_to = index.vocabulary.id_of, word_lists().joined_short
    if all(word in known for word in words):
        return words
    meant = tuple(index.vocabulary.meant(word) for word in words)
    found: list[str] = []
    position = 0
    while position < len(words):
        length = next((n for n in (3, 2) if meant[position : position + n] in joined_to), 0)
        found.append(joined_to[meant[position : position + length]] if length else words[position])
        position += length or 1
    return tuple(found)


def _shifted(index: Index, word: str, following: str) -> list[str]:
    """Words of which one is unknown with the space a letter further on or back, where some name has both."""
    whole = word + following
    for cut in (len(word) - 1, len(word) + 1):
        parts = _known_parts(index, whole, cut)
        if tuple(parts) in index.side_by_side:
            return parts
    return []


def _known_parts(index: Index, whole: str, cut: int) -> list[str]:
    """Both parts in normal form where each is a known word of two letters or more."""
    short, known = word_lists().short, index.vocabulary.id_of
    parts = [short.get(part, part) for part in (whole[:cut], whole[cut:])]
    usable = min(cut, len(whole) - cut) >= 2 and all(part in known for part in parts)
    return parts if usable else []


def _split(index: Index, word: str) -> list[str]:
    """An unknown word as two known ones, else as a long known head or tail and the rest."""
    known = index.vocabulary.id_of
    meaning = index.vocabulary.likenesses([word])[0]
    whole = [parts for cut in range(2, len(word) - 1) if (parts := _known_parts(index, word, cut))]
    side_by_side = [parts for parts in whole if tuple(parts) in index.side_by_side]
    if side_by_side:
        return side_by_side[0]
    if len(meaning.ids) and meaning.likeness[0] >= _SURE_CORRECTION:
        return [word]
    whole = [parts for parts in whole if max(map(len, parts)) >= 4]
    if whole:
        return min(whole, key=lambda parts: any(index.name_rows[known[part]] == 0 for part in parts))
    if len(meaning.ids):
        return [word]
    for cut in range(len(word) - 2, 4, -1):
        if word[:cut] in known:
            return [word[:cut], word[cut:]]
    for cut in range(2, len(word) - 4):
        if word[cut:] in known:
            return [word[:cut], word[cut:]]
    return [word]
