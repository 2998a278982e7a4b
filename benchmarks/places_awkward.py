"""What `places` does with awkward texts: premises missing, words missing, generic words, real addresses.

    python benchmarks/places_awkward.py REFERENCE_FOLDER [FREETEXT_FOLDER]

REFERENCE_FOLDER as for places_reference.py; FREETEXT_FOLDER holds real address strings with their postcode
(../shared/data/freetext). Prints one line a figure, shares of 1. Nothing was tuned on any of these texts.
"""

from __future__ import annotations

import csv
import gzip
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from places_reference import calibration_error, hospitals, is_right, ours, read_reference

from preventable.stages.places.gazetteer import AREA, PREMISES, Gazetteer
from preventable.stages.places.normalise import normalise, word_lists
from preventable.stages.places.resolver import Resolution, Resolver
from preventable.stages.places.texts import ReadText

_SEED = 20261126
_TEXTS = 2000
_SHARE_MISSING = 0.12


@dataclass(frozen=True)
class Shares:
    """Share of texts answered, and of those answered the share right."""

    answered: float
    right: float


@dataclass(frozen=True)
class MissingWord:
    """Answers from p 0.8 to names without one of their words.

    Attributes:
        all: Every answer.
        no_area: Answers that are premises or streets.
        or_its_area: Every answer, where the area that holds the place counts as right.
        telling: Every answer to a text of more than generic words and an area: those ask for the area, here as there.
    """

    all: Shares
    no_area: Shares
    or_its_area: Shares
    telling: Shares


def premises_missing(gazetteer: Gazetteer, queries: Sequence[dict]) -> tuple[Shares, float]:
    """Answers from p 0.8 to the reference's texts where 12 % of premises are gone, and the calibration error."""
    dice = random.Random(_SEED)
    gone = np.array([kind == PREMISES and dice.random() < _SHARE_MISSING for kind in gazetteer.kind])
    answered = ours(gazetteer, queries, without=gone)
    real, sure = answered.type != "gen", answered.probability >= 0.8
    shares = Shares(float(sure[real].mean()), float(answered.right[sure].mean()))
    return shares, calibration_error(answered)


def word_missing(resolver: Resolver) -> MissingWord:
    """Unique names of two telling words or more, one of them left out, with an area they lie in."""
    index, places, dice = resolver.index, resolver.index.gazetteer, random.Random(_SEED)
    fit = [e for e in range(len(places)) if _can_lose_a_word(resolver, e)]
    meant = dice.sample(fit, min(_TEXTS, len(fit)))
    texts = []
    for entry in meant:
        words = places.name[entry].lower().split()
        words.pop(dice.choice([i for i, word in enumerate(words) if _tells(word)]))
        texts.append(
            " ".join(words) + dice.choice((" ", ", ", " in ")) + dice.choice(places.around[entry]).lower()
        )
    answers = _asked_nearby(resolver, texts, meant)
    telling = np.array([not text.generic_and_area for text in _read(resolver, texts)])
    entry_of = {place: entry for entry, place in enumerate(places.place_id)}
    found = [entry_of.get(a.place_id or "") for a in answers]
    sure = np.array([a.probability >= 0.8 for a in answers])
    right = np.array([is_right(places, f, e) for f, e in zip(found, meant, strict=True)])
    area = np.array([a.kind == AREA for a in answers])
    holds = np.array(
        [
            f is not None and a and index.area_outside[index.area_group[index.names[f]], e] < 1
            for f, a, e in zip(found, area.tolist(), meant, strict=True)
        ]
    )
    return MissingWord(
        Shares(float(sure.mean()), float(right[sure].mean())),
        Shares(float((sure & ~area).mean()), float(right[sure & ~area].mean())),
        Shares(float(sure.mean()), float((right | holds)[sure].mean())),
        Shares(float((sure & telling).sum() / telling.sum()), float(right[sure & telling].mean())),
    )


def _read(resolver: Resolver, texts: Sequence[str]) -> list[ReadText]:
    size = int(resolver.rules["search"]["batch"])
    parts = [texts[at : at + size] for at in range(0, len(texts), size)]
    return [text for part in parts for text in resolver.consider(part, [None] * len(part)).texts]


def generic_with_area(resolver: Resolver) -> tuple[float, float]:
    """Generic words and an area: share with the right area, and share of another kind from p 0.8."""
    places, dice = resolver.index.gazetteer, random.Random(_SEED)
    areas = [e for e in range(len(places)) if places.kind[e] == AREA]
    generic = sorted(word_lists().generic)
    meant = [dice.choice(areas) for _ in range(_TEXTS)]
    texts = [
        f"{dice.choice(('', 'o/s ', 'in the '))}{' '.join(dice.sample(generic, dice.choice((1, 1, 2))))}"
        f"{dice.choice((' in ', ' ', ', '))}{places.name[entry].lower()}"
        for entry in meant
    ]
    answers = _asked_nearby(resolver, texts, meant)
    entry_of = {place: entry for entry, place in enumerate(places.place_id)}
    right = [is_right(places, entry_of.get(a.place_id or ""), e) for a, e in zip(answers, meant, strict=True)]
    wrong = [a.kind not in {AREA, "none"} and a.probability >= 0.8 for a in answers]
    return float(np.mean(right)), float(np.mean(wrong))


def real_addresses(gazetteer: Gazetteer, folder: Path) -> dict[str, Shares]:
    """Real address strings without their postcode, which is one of the gazetteer's.

    Answered is what is accepted or looked at by a person (p 0.5), and is no whole area; right is the same
    postcode sector. Two readings: name and address, and the address column alone (schools without name).
    """
    known = set(gazetteer.postcode)
    lines = [line for line in _addresses(folder) if line["postcode"] in known]
    resolver = Resolver(gazetteer)
    return {
        "name and address": _sectors(resolver, lines, [_with_name(line) for line in lines]),
        "address column alone": _sectors(resolver, lines, [line["text"] for line in lines]),
    }


def _addresses(folder: Path) -> list[dict[str, str]]:
    lines = []
    for path in sorted(folder.glob("uk_addresses_*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines += list(csv.DictReader(file, delimiter="\t"))
    return lines


def _with_name(line: dict[str, str]) -> str:
    name, text = line.get("name") or "", line["text"]
    return text if text.lower().startswith(name.lower()) else f"{name}, {text}"


def _sectors(resolver: Resolver, lines: Sequence[dict[str, str]], texts: Sequence[str]) -> Shares:
    places = resolver.index.gazetteer
    entry_of = {place: entry for entry, place in enumerate(places.place_id)}
    answered, right = [], []
    for line, answer in zip(lines, resolver.resolve(texts), strict=True):
        told = answer.probability >= 0.5 and answer.kind not in {"none", AREA}
        answered.append(told)
        if told:
            postcode = places.postcode[entry_of[answer.place_id or ""]]
            right.append(postcode[:-2] == line["postcode"][:-2])
    return Shares(float(np.mean(answered)), float(np.mean(right)))


def _can_lose_a_word(resolver: Resolver, entry: int) -> bool:
    index, places = resolver.index, resolver.index.gazetteer
    unique = places.kind[entry] == PREMISES and index.name_count[entry] == 1 and bool(places.around[entry])
    return unique and sum(_tells(word) for word in places.name[entry].lower().split()) >= 2


def _tells(word: str) -> bool:
    lists, words = word_lists(), normalise(word).words
    return bool(words) and all(
        w not in lists.cues and w not in lists.light and not w.isdigit() for w in words
    )


def _asked_nearby(resolver: Resolver, texts: Sequence[str], meant: Sequence[int]) -> list[Resolution]:
    sites = np.array(hospitals())
    nearest = [sites[np.hypot(*(sites - resolver.index.xy[e]).T).argmin()].tolist() for e in meant]
    return resolver.resolve(texts, [(x, y) for x, y in nearest])


def main(arguments: Sequence[str]) -> None:
    """Ask every awkward text once and report."""
    gazetteer, queries = read_reference(Path(arguments[0]))
    resolver = Resolver(gazetteer, hospitals=hospitals())
    holes, error = premises_missing(gazetteer, queries)
    print(f"12 % of premises missing: precision {holes.right:.3f}, calibration error {error:.3f}")
    missing = word_missing(resolver)
    for name, shares in vars(missing).items():
        print(f"a word missing, {name}: precision {shares.right:.3f}, coverage {shares.answered:.3f}")
    right, wrong = generic_with_area(resolver)
    print(f"generic words and an area: right {right:.3f}, another kind from p 0.8 {wrong:.4f}")
    for name, shares in real_addresses(gazetteer, Path(arguments[1])).items() if arguments[1:] else ():
        print(f"real addresses, {name}: answered {shares.answered:.3f}, right sector {shares.right:.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
