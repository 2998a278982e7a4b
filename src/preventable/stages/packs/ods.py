"""A document as an OpenDocument spreadsheet, by odfdo: the sheets of `sheets.py`, and nothing worked out."""

from __future__ import annotations

import io
import string
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from preventable.stages.packs.blocks import Document
from preventable.stages.packs.sheets import Sheet, SheetCell, SheetColumn, Workbook, column_letters, workbook
from preventable.stages.packs.words import _

if TYPE_CHECKING:
    import odfdo

#: Width of a digit of Arial 12, room beside a text, height of a line.
_CM_A_CHARACTER, _CM_OF_ROOM, _CM_A_LINE = 0.236, 0.45, 0.53
_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xlink": "http://www.w3.org/1999/xlink",
}
#: The earliest date that a member of a zip file can have.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def render_ods(document: Document) -> bytes:
    """The document as ODS: the sheets, marks and cells of its XLSX twin, numbers as numbers, tokens as text."""
    # Imported here, as it brings its XML library: every verb of the command line would start slower.
    import odfdo

    book = workbook(document)
    written = odfdo.Document("spreadsheet")
    _replace_template(written, book)
    _say_what_it_is(written.meta, book)
    body = written.body
    _insert_styles(written, book)
    for sheet in book.sheets:
        body.append(_table(sheet))
    body.append(_marked_tables(book.sheets))
    file = io.BytesIO()
    written.save(file)
    return _without_dates(file.getvalue())


def _replace_template(written: odfdo.Document, book: Workbook) -> None:
    """Empty parts and our styles instead of odfdo's template: fonts, printer and dates of its maker's machine."""
    body = "<office:automatic-styles/><office:body><office:spreadsheet/></office:body>"
    used = ("style", "text", "table", "number", "calcext", "xlink")
    parts = {
        "content.xml": _root("office:document-content", "office", body, used),
        "styles.xml": _styles(book),
        "meta.xml": _root("office:document-meta", "office", "<office:meta/>", ("meta", "dc")),
        "settings.xml": _root("office:document-settings", "office", "<office:settings/>"),
    }
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", _TYPE), *((part, "text/xml") for part in parts))
    )
    parts["META-INF/manifest.xml"] = _root("manifest:manifest", "manifest", entries)
    for name in list(written.container.parts):
        written.container.del_part(name)
    for name, text in {"mimetype": _TYPE, **parts}.items():
        written.container.set_part(name, text.encode("utf-8"))


def _root(tag: str, own: str, inside: str, more: Sequence[str] = ()) -> str:
    names = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in (own, *more))
    return f'<{tag}{names} {own}:version="1.4">{inside}</{tag}>'


def _styles(book: Workbook) -> str:
    template = (files(__package__) / "templates" / "ods_styles.xml").read_text(encoding="utf-8")
    language, _dash, country = book.language.partition("-")
    page = escape(_("Page {n} of {all}")).format(
        n="<text:page-number>1</text:page-number>", all="<text:page-count>1</text:page-count>"
    )
    return string.Template(template).substitute(
        language=language, country=country, marks=escape(book.marks), subject=escape(book.subject), page=page
    )


def _say_what_it_is(meta: odfdo.Meta, book: Workbook) -> None:
    meta.generator = "Preventable"
    meta.title = book.title
    meta.subject = book.subject
    meta.description = book.marks
    meta.keywords = book.classification
    meta.initial_creator = "Preventable"
    meta.creator = "Preventable"
    meta.language = book.language
    meta.creation_date = book.created
    meta.date = book.created
    meta.editing_cycles = 1


def _insert_styles(written: odfdo.Document, book: Workbook) -> None:
    """Styles that depend on the sheets: widths, heights and decimals."""
    import odfdo

    widths = sorted({column.width for sheet in book.sheets for column in sheet.columns})
    heights = sorted({lines for sheet in book.sheets for lines in sheet.lines_in_rows()})
    decimals = sorted(
        {c.decimals for s in book.sheets for row in s.rows for c in row if c.number is not None}
    )
    texts = [
        '<style:style style:name="sheet" style:family="table" style:master-page-name="Default">'
        '<style:table-properties table:display="true" style:writing-mode="lr-tb"/></style:style>',
        *(
            f'<style:style style:name="column{n}" style:family="table-column"><style:table-column-properties '
            f'style:column-width="{n * _CM_A_CHARACTER + _CM_OF_ROOM:.2f}cm"/></style:style>'
            for n in widths
        ),
        *(
            f'<style:style style:name="row{n}" style:family="table-row"><style:table-row-properties '
            f'style:row-height="{n * _CM_A_LINE:.2f}cm" style:use-optimal-row-height="true"/></style:style>'
            for n in heights
        ),
    ]
    for n in decimals:
        texts.append(
            f'<number:number-style style:name="decimals{n}"><number:number number:decimal-places="{n}" '
            f'number:min-decimal-places="{n}" number:min-integer-digits="1" number:grouping="true"/>'
            "</number:number-style>"
        )
        texts.append(
            f'<style:style style:name="number{n}" style:family="table-cell" style:parent-style-name="Default" '
            f'style:data-style-name="decimals{n}"/>'
        )
    automatic = written.content.get_element("//office:automatic-styles")
    for text in texts:
        automatic.append(odfdo.Element.from_tag(text))


def _table(sheet: Sheet) -> odfdo.Table:
    """A sheet; its head row is marked as such, so that it stands on every printed page."""
    import odfdo

    table = odfdo.Table(sheet.name, style="sheet")
    for column in sheet.columns:
        table.append(odfdo.Column(style=f"column{column.width}", default_cell_style="Default"))
    table.insert(odfdo.Element.from_tag(f"<table:title>{escape(sheet.title)}</table:title>"), position=0)
    lines = sheet.lines_in_rows()
    for text, style in ((sheet.title, "Title"), *((line, "Line") for line in sheet.lines)):
        table.append(_row([_text_cell(text, style)]))
    heads = [_text_cell(column.title, _head_style(n, column)) for n, column in enumerate(sheet.columns)]
    marked = odfdo.Element.from_tag("table:table-header-rows")
    marked.append(_row(heads, lines[0]))
    table.append(marked)
    for row, n in zip(sheet.rows, lines[1:], strict=True):
        table.append(_row([_cell(cell, c, sheet.columns[c]) for c, cell in enumerate(row)], n))
    return table


def _row(cells: Sequence[odfdo.Cell], lines: int = 0) -> odfdo.Row:
    import odfdo

    row = odfdo.Row(style=f"row{lines}" if lines else None)
    row.extend(cells)
    return row


def _cell(cell: SheetCell, n: int, column: SheetColumn) -> odfdo.Cell:
    import odfdo

    if cell.number is not None:
        return odfdo.Cell(cell.number, text=cell.text, cell_type="float", style=f"number{cell.decimals}")
    style = "Shorthand" if column.numeric else "Text_20_beside" if n else "Text"
    made = _text_cell(cell.text, style)
    if cell.leads_to:
        target = quoteattr(f"#'{cell.leads_to}'.A1")
        made.delete(made.get_element("text:p"))
        made.append(
            odfdo.Element.from_tag(
                f'<text:p><text:a xlink:type="simple" xlink:href={target}>{escape(cell.text)}</text:a></text:p>'
            )
        )
    return made


def _text_cell(text: str, style: str) -> odfdo.Cell:
    import odfdo

    return odfdo.Cell(text, cell_type="string", style=style)


def _head_style(n: int, column: SheetColumn) -> str:
    if column.numeric:
        return "Column_20_head_20_of_20_numbers"
    return "Column_20_head_20_beside" if n else "Column_20_head"


def _marked_tables(sheets: Sequence[Sheet]) -> odfdo.Element:
    """A named range with heads for each table: what a marked table is to Excel."""
    import odfdo

    ranges = []
    for sheet in sheets:
        name = f"'{sheet.name}'"
        last = column_letters(len(sheet.columns) - 1)
        address = f"{name}.A{sheet.head_row}:{name}.{last}{sheet.head_row + len(sheet.rows)}"
        ranges.append(
            f'<table:database-range table:name="{sheet.table}" table:target-range-address={quoteattr(address)} '
            'table:contains-header="true" table:display-filter-buttons="false"/>'
        )
    return odfdo.Element.from_tag(f"<table:database-ranges>{''.join(ranges)}</table:database-ranges>")


def _without_dates(content: bytes) -> bytes:
    """The same zip file with members of no date: odfdo stamps them with the machine's clock."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as stamped, zipfile.ZipFile(file, "w") as plain:
        for member in stamped.infolist():
            info = zipfile.ZipInfo(member.filename, _NO_DATE)
            info.compress_type = member.compress_type
            plain.writestr(info, stamped.read(member))
    return file.getvalue()
