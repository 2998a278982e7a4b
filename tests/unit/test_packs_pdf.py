"""PDF packs: tagged, titled, the same words and numbers as their blocks, the same bytes whenever they are made."""

from __future__ import annotations

import datetime as dt
import gettext
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packs_page import Page
from packs_world import PARTNERS, make_world
from pdf_reader import PdfReader, bare

from preventable.stages.packs import stage
from preventable.stages.packs.blocks import (
    Actions,
    Cell,
    Column,
    Document,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.charts import Panel, Point, trend_chart
from preventable.stages.packs.pdf import after_month, render_pdf
from preventable.stages.packs.pdf_font import LACKING, printable, text_width_em
from preventable.stages.packs.pdf_tables import INSET_PT, LINE_PT, table_setting
from preventable.stages.packs.words import in_language

NEW_YEAR = after_month("2025-12")
#: Everything that Typst would read as its own, did it read it.
HOSTILE = '#let x = 1 $a$ *b* @c <d> \\ "e" #panic() // f /* g */ = h - i + j ~ -- `k` [l] {m} \\u{41} _n_ https://o.p'


@dataclass(frozen=True)
class Made:
    """A document and the PDF made of it."""

    document: Document
    timestamp: dt.datetime
    content: bytes
    read: PdfReader

    def of_type(self, kind: type) -> list:
        return [block for block in self.document.blocks if isinstance(block, kind)]

    @property
    def tables(self) -> Iterator[TableBlock]:
        for block in self.document.blocks:
            if isinstance(block, TableBlock | Figure):
                yield block.table if isinstance(block, Figure) else block


def made(document: Document) -> Made:
    content = render_pdf(document, timestamp=NEW_YEAR)
    return Made(document, NEW_YEAR, content, PdfReader(content))


@pytest.fixture(scope="module", params=[24, 3], ids=["24 months", "3 months"])
def packs(request: pytest.FixtureRequest) -> dict[str, Made]:
    """The packs of one district as the stage makes them, by kind."""
    found: dict[str, Made] = {}

    def kept(document: Document, *, timestamp: dt.datetime) -> bytes:
        content = render_pdf(document, timestamp=timestamp)
        found[document.name] = Made(document, timestamp, content, PdfReader(content))
        return content

    world = make_world(months=request.param).only(*PARTNERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "render_pdf", kept)
        files = stage.make_packs(world.engine(), world.context)
    assert {files[f"{pack.document.stem}.pdf"] for pack in found.values()} == {
        p.content for p in found.values()
    }
    return found


def document(*blocks, **changes: str) -> Document:
    told = {
        "partner": "xd02-licensing",
        "partner_name": "Quillmarsh licensing",
        "name": "licensing",
        "language": "en-GB",
        "title": "Quillmarsh: one finding",
        "classification": "OFFICIAL - invented data",
        "invented": "No person, place or event in this pack is real.",
        "purpose": "Trying it",
        "legal_basis": "None is needed",
        "expires": "31 October 2027",
        "period": "12 months to December 2025",
        "data_as_at": "December 2025",
        "release": "2025-12-0123456789ab",
        "licences": (),
    }
    return Document(**{**told, **changes}, blocks=blocks)


def table(*titles: str, rows: list[list[str]], caption: str = "A table") -> TableBlock:
    columns = (Column(titles[0]), *(Column(title, numeric=True) for title in titles[1:]))
    return TableBlock(
        "t",
        caption,
        columns,
        tuple(Row(row[0], tuple(Cell(c, numeric=True) for c in row[1:])) for row in rows),
    )


def figure(**changes: str) -> Figure:
    told = {
        "anchor": "f",
        "headline": "It rose",
        "title": "Counts, Quillmarsh",
        "summary": "One line.",
        "description": "A line that rises and has a gap.",
        "spec": trend_chart(
            [Panel("Counts", (Point("Jan", 10.0), Point("Feb", None, "[c]"), Point("Mar", 20.0)))]
        ),
    }
    source = Provenance(
        "hospitals", "March", "March 2025", "counts of 0 to 7", "", "licensing.csv", ("a/b/count",)
    )
    return Figure(
        **{**told, **changes}, table=table("Month", "Count", rows=[["Jan", "10"]]), provenance=source
    )


def test_a_pack_is_tagged_pdf_ua_with_title_and_language(packs):
    for pack in packs.values():
        root = pack.read.pdf.Root
        told = pack.read.pdf.open_metadata()

        assert bool(root.MarkInfo.Marked) is True
        assert str(root.Lang) == "en-GB"
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        assert told["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
        assert told["{http://purl.org/dc/elements/1.1/}title"] == pack.document.title


def test_a_pack_tells_as_its_moment_the_end_of_its_data(packs):
    for pack in packs.values():
        assert pack.timestamp == NEW_YEAR
        assert str(pack.read.pdf.docinfo["/CreationDate"]) == "D:20260101000000Z"
        assert str(pack.read.pdf.docinfo["/ModDate"]) == "D:20260101000000Z"


def test_one_first_heading_then_every_heading_of_the_blocks_and_none_skips_a_level(packs):
    for pack in packs.values():
        headings = pack.read.root.all("H1", "H2", "H3", "H4", "H5", "H6")
        wanted = [("H1", bare(pack.document.title))]
        for block in pack.document.blocks:
            if isinstance(block, Heading):
                wanted.append((f"H{block.level}", bare(block.text)))
            elif isinstance(block, Figure):
                wanted.append(("H3", bare(block.headline)))
            elif isinstance(block, Actions):
                wanted.append(("H2", bare(block.title)))

        assert [(heading.tag, heading.words) for heading in headings] == wanted
        levels = [int(heading.tag[1]) for heading in headings]
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
        assert [(f"H{level}", bare(title)) for level, title in pack.read.outline] == wanted


def test_every_table_of_the_blocks_stands_whole_with_its_caption_and_heads(packs):
    for pack in packs.values():
        wanted = [
            [
                [bare(block.caption)],
                [bare(column.title) for column in block.columns],
                *([bare(row.head), *(bare(cell.text) for cell in row.cells)] for row in block.rows),
            ]
            for block in pack.tables
        ]

        assert pack.read.tables() == wanted
        heads = pack.read.root.all("TH")
        assert len(heads) == sum(len(block.columns) for block in pack.tables)
        assert {head.scope for head in heads} == {"Column"}


def test_every_drawing_has_its_description_and_no_other_figure_is_tagged(packs):
    for pack in packs.values():
        figures = pack.read.root.all("Figure")

        assert [one.alt for one in figures] == [block.description for block in pack.of_type(Figure)]
        assert all(one.alt for one in figures)
    assert sum(len(pack.of_type(Figure)) for pack in packs.values()) == 7


def test_all_other_words_of_the_blocks_are_there_in_order(packs):
    for pack in packs.values():
        said = pack.read.root.words
        for block in pack.document.blocks:
            match block:
                case Paragraph(text):
                    wanted = [text]
                case Note(title, lines):
                    wanted = [title, *lines]
                case Actions(title, items):
                    wanted = [title, *items]
                case Figure(headline=headline, title=title, summary=summary, table=inside, provenance=source):
                    wanted = [headline, title, summary, *inside.remarks, *told_of(source)]
                case TableBlock(remarks=remarks, provenance=source):
                    wanted = [*remarks, *told_of(source)]
                case Heading():
                    wanted = []
            assert [words for words in wanted if bare(words) not in said] == []


def told_of(source: Provenance | None) -> list[str]:
    if source is None:
        return []
    return [
        source.source,
        source.period,
        source.data_as_at,
        source.exclusions,
        source.remarks,
        source.download,
        *source.names,
    ]


def test_every_page_carries_the_classification_the_banner_and_its_number(packs):
    for pack in packs.values():
        count = len(pack.read.pages)

        assert count > 2
        for n, page in enumerate(pack.read.pages, start=1):
            assert page.count(bare(pack.document.classification)) >= 2
            assert bare(f"Invented data {pack.document.invented}") in page
            assert f"page{n}of{count}" in page


def test_a_screen_reader_hears_the_classification_and_that_all_is_invented(packs):
    for pack in packs.values():
        terms = pack.read.root.all("L")[0].words

        assert terms.startswith(
            bare(f"Classification {pack.document.classification} Invented data {pack.document.invented}")
        )
        assert bare(pack.document.legal_basis) in terms


def test_only_the_shipped_family_is_in_a_pack(packs):
    for pack in packs.values():
        assert pack.read.fonts == {"LiberationSans", "LiberationSans-Bold"}


def test_no_word_begins_outside_the_page(packs):
    for pack in packs.values():
        for number, left, up, _words in pack.read.places:
            _x, _y, width, height = map(float, pack.read.pdf.pages[number].mediabox)
            assert 40 < left < width - 40
            assert 20 < up < height - 20


def test_hatches_are_drawn_as_patterns(packs):
    for pack in packs.values():
        asks = [block for block in pack.of_type(Figure) if '"#0bad0' in block.spec]

        assert bool(pack.read.of("1", "/PatternType")) is bool(asks)
    assert packs["community_safety"].read.of("1", "/PatternType")


def test_packs_of_the_demo_say_in_pdf_what_they_say_in_html(demo):
    folders = sorted({path.parent for path in (demo.home / "released").rglob("*.pdf")})
    assert len(folders) == 21
    first_of_each = {next(folder.glob("*.pdf")).name: folder for folder in reversed(folders)}
    assert sorted(first_of_each) == ["community_safety.pdf", "licensing.pdf", "public_health.pdf"]
    for name, folder in first_of_each.items():
        read = PdfReader((folder / name).read_bytes())
        page = Page((folder / name).with_suffix(".html").read_bytes())

        assert read.root.all("H1")[0].words == bare(page.all("h1")[0].text)
        cells = [cell.text for cell in page.all("th", "td") if "table" in cell.around]
        assert [words for part in read.tables() for row in part[1:] for words in row] == [
            bare(c) for c in cells
        ]
        alts = [bare(one.alt) for one in read.root.all("Figure")]
        assert alts == [bare(desc.text) for desc in page.all("desc")]


def test_two_processes_with_other_seed_zone_and_threads_make_the_same_bytes(tmp_path):
    told = document(Heading("Part", "p"), figure(), table("Name", "Count", rows=[["Ä & Ö", "[c]"]]))
    (tmp_path / "document").write_bytes(pickle.dumps(told))
    make = (
        "import pickle, sys; from preventable.stages.packs.pdf import after_month, render_pdf;"
        "document = pickle.loads(open(sys.argv[1], 'rb').read());"
        "sys.stdout.buffer.write(render_pdf(document, timestamp=after_month('2025-12')))"
    )

    outputs = [
        subprocess.run(
            [sys.executable, "-c", make, str(tmp_path / "document")],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "RAYON_NUM_THREADS": threads},
            cwd=folder,
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone, threads, folder in (("1", "UTC", "1", tmp_path), ("2", "Asia/Tokyo", "4", Path.cwd()))
    ]

    assert outputs[0] == outputs[1] == render_pdf(told, timestamp=NEW_YEAR)


def test_words_that_typst_would_read_print_as_themselves():
    source = Provenance(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))
    hostile = replace(table(HOSTILE, HOSTILE, rows=[[HOSTILE, HOSTILE]], caption=HOSTILE), provenance=source)
    drawn = figure(headline=HOSTILE, title=HOSTILE, summary=HOSTILE, description=HOSTILE)
    frame = dict.fromkeys(
        ("partner_name", "classification", "invented", "purpose", "legal_basis", "expires", "release"),
        HOSTILE,
    )
    blocks = (
        Paragraph(HOSTILE, lead=True),
        Heading(HOSTILE, "h"),
        Paragraph(HOSTILE),
        Note(HOSTILE, (HOSTILE,)),
        hostile,
        drawn,
        Actions(HOSTILE, (HOSTILE,)),
    )

    read = made(document(*blocks, title=HOSTILE, **frame)).read

    words = bare(HOSTILE)
    assert [heading.words for heading in read.root.all("H1", "H2", "H3")] == [words] * 4
    assert read.tables()[0] == [[words], [words, words], [words, words]]
    assert read.root.all("Figure")[0].alt == HOSTILE
    assert str(read.pdf.docinfo["/Title"]) == HOSTILE
    assert read.root.words.count(words) > 20
    assert all(page.count(words) >= 3 for page in read.pages)


def test_a_block_of_an_unknown_type_is_refused():
    with pytest.raises(TypeError, match="no PDF is made of a block of type Cell"):
        render_pdf(document(Cell("1")), timestamp=NEW_YEAR)


def test_a_character_that_the_font_lacks_is_replaced_and_that_is_said():
    with_lack = made(document(table("Name", "Count", rows=[["北京 Bar ⭐", "10"]]))).read
    without = made(document(table("Name", "Count", rows=[["Łódź – Ωμέγα − Київ", "10"]]))).read

    assert with_lack.tables()[0][2] == ["□□Bar□", "10"]
    assert bare(f"{LACKING} stands for a character that this document's font lacks") in with_lack.root.words
    assert without.tables()[0][2] == ["Łódź–Ωμέγα−Київ", "10"]
    assert "standsfor" not in without.root.words
    assert printable("a\tb\u2028c\x07d\u200e") == "a b cd\u200e"


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        (Heading("Only a heading", "h"),),
        (Heading("Deep", "h", level=3),),
        (Note("", ()), Actions("Nothing", ()), Paragraph("")),
        (table("Name", rows=[["one column"]]),),
        (table("Name", "Count", rows=[]),),
        (table("Name", "Count", rows=[["one row", "[z]"]]),),
        (figure(),),
    ],
    ids=["none", "heading", "deep", "empty", "one column", "no row", "one row", "figure without section"],
)
def test_awkward_documents_are_whole(blocks):
    read = made(document(*blocks)).read

    assert len(read.root.all("H1")) == 1
    assert len(read.root.all("H3")) == 0
    assert len(read.root.all("TD")) == sum(
        len(row.cells) + 1 for block in blocks if isinstance(block, TableBlock) for row in block.rows
    ) + 2 * len([block for block in blocks if isinstance(block, Figure)])


def test_a_pack_of_real_data_has_no_banner_and_no_word_of_invention():
    read = made(
        document(Paragraph("Text"), invented="", classification="OFFICIAL-SENSITIVE", expires="")
    ).read

    assert "Invented" not in read.pages[0]
    assert read.pages[0].count("OFFICIAL-SENSITIVE") == 3
    assert "Agreementends" not in read.pages[0]


def test_another_language_is_told():
    read = made(document(language="cy")).read

    assert str(read.pdf.Root.Lang) == "cy"


class Marked(gettext.NullTranslations):
    """Marks what it was asked to translate."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"


def test_every_word_that_is_not_of_the_document_passes_through_gettext():
    every = dict.fromkeys(
        ("partner_name", "classification", "invented", "purpose", "legal_basis", "expires", "release"), "ZQ"
    )
    source = Provenance("ZQ", "ZQ", "ZQ", "ZQ", "ZQ", "ZQ", ("ZQ",), more_names=True)
    wide = replace(table(*["ZQ" * 10] * 9, rows=[["北"] * 9], caption="ZQ"), provenance=source)

    with in_language(Marked()):
        read = made(
            document(Heading("ZQ", "h"), wide, title="ZQ", period="ZQ", data_as_at="ZQ", **every)
        ).read

    for said in (read.root.words, *read.pages):
        assert re.sub(r"«[^»]*»", "", said).replace("ZQ", "").strip(f" ·:;./0123456789{LACKING}") == ""
    assert read.root.words.count("«") > 15


def test_sixty_columns_stand_in_parts_that_each_name_the_rows():
    titles = ["Weekday", *(f"{n:02d} to {n + 1:02d}" for n in range(59))]
    rows = [[day, *(f"{n * 1_000:,}" for n in range(59))] for day in ("Friday", "Saturday")]

    read = made(document(table(*titles, rows=rows, caption="Hours"))).read

    parts = read.tables()
    assert len(parts) > 3
    assert parts[0][0][0].startswith("Hours,columns2to")
    assert all([row[0] for row in part[1:]] == ["Weekday", "Friday", "Saturday"] for part in parts)
    assert [title for part in parts for title in part[1][1:]] == [bare(title) for title in titles[1:]]
    assert [cell for part in parts for cell in part[2][1:]] == [f"{n * 1_000:,}" for n in range(59)]
    assert sorted({round(left) for _page, left, _up, _words in read.places})[-1] < 595 - 40


def test_numbers_are_flush_right_and_words_flush_left():
    columns = (Column("Name"), Column("A count of many", numeric=True), Column("Remarks in words"))
    rows = (
        Row("One", (Cell("7,250", numeric=True), Cell("long words"))),
        Row("Fourteen", (Cell("[c]", numeric=True), Cell("xx"))),
    )

    read = made(document(TableBlock("t", "A table", columns, rows))).read

    at = {words: left for _page, left, _up, words in read.places}
    ends = [at[words] + 9 * text_width_em(words) for words in ("7,250", "[c]")]
    assert ends[0] == pytest.approx(ends[1], abs=0.05)
    assert at["One"] == at["Fourteen"] < at["7,250"] < at["[c]"] < at["xx"] == at["longwords"]


def test_long_tables_repeat_their_head_on_each_page_once_for_a_screen_reader():
    rows = [[f"Premises {n}", f"{n}"] for n in range(300)]

    read = made(document(table("Name of premises", "Shown count", rows=rows))).read

    pages = [page for page in read.pages if "Premises" in page]
    assert len(pages) > 4
    assert all("NameofpremisesShowncount" in page for page in pages)
    assert len(read.root.all("TH")) == 2
    assert read.tables()[0][2:] == [[f"Premises{n}", f"{n}"] for n in range(300)]


def test_words_and_rows_longer_than_line_and_page_are_broken_and_whole():
    word, prose = "Llanfair" * 40, "many words " * 2_000

    read = made(document(Heading(word, "h"), table(word, "Count", rows=[[prose, word]]), title=word)).read

    assert read.root.all("H1")[0].words == word
    assert read.tables()[0][1:] == [[word, "Count"], [bare(prose), word]]
    assert all(20 < up < 842 - 20 and 40 < left < 595 - 40 for _page, left, up, _words in read.places)


def test_a_heading_stays_with_what_follows():
    filler = [Paragraph(f"Line {n}.") for n in range(60)]
    for lines in range(10, 60, 3):
        leading = (Heading("The heading", "h"), Paragraph("Leads on."), figure(headline="Rise"))

        read = made(document(*filler[:lines], *leading)).read

        page = [page for page in read.pages if "Theheading" in page][-1]
        assert "Leadson." in page
        assert "Rise" in page


@pytest.mark.parametrize(
    ("month", "end"),
    [
        ("2025-12", (2026, 1, 1)),
        ("2024-02", (2024, 3, 1)),
        ("2023-02", (2023, 3, 1)),
        ("2025-10", (2025, 11, 1)),
    ],
)
def test_a_month_ends_at_midnight_of_the_next(month, end):
    assert after_month(month) == dt.datetime(*end, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("character", "regular", "bold"),
    [
        ("0", 556, 556),
        (" ", 278, 278),
        ("A", 667, 722),
        ("W", 944, 944),
        ("i", 222, 278),
        ("m", 833, 889),
        ("[", 278, 333),
    ],
)
def test_letters_are_as_wide_as_those_of_helvetica(character, regular, bold):
    """Adobe's core metrics of Helvetica and Helvetica-Bold (AFM 1990), whose widths the family shares."""
    assert text_width_em(character) == pytest.approx(regular / 1000, abs=0.0006)
    assert text_width_em(character, bold=True) == pytest.approx(bold / 1000, abs=0.0006)


texts = st.text(alphabet="ab iW1,[]", max_size=60).map(lambda text: text[:40])
tables = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(texts, min_size=n, max_size=n),
        st.lists(st.lists(texts, min_size=n, max_size=n), max_size=4),
    )
)


@given(tables)
def test_a_table_fits_the_line_and_each_word_its_column(drawn):
    titles, rows = drawn

    setting = table_setting(titles, rows)

    assert [part.columns[0] for part in setting.parts] == [0] * len(setting.parts)
    assert [n for part in setting.parts for n in part.columns[1:]] == list(range(1, len(titles)))
    for part in setting.parts:
        assert sum(part.widths_pt) <= LINE_PT + 0.01 * len(part.widths_pt) or len(part.columns) <= 2
        for n, width in zip(part.columns, part.widths_pt, strict=True):
            words = [(word, True) for word in titles[n].split(" ")]
            words += [(word, False) for row in rows for word in row[n].split(" ")]
            widest = max(text_width_em(word, bold=bold) for word, bold in words) * setting.size_pt
            assert widest + 2 * INSET_PT <= width + 0.01
