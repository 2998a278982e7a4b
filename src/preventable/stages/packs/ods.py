"""A document as an OpenDocument spreadsheet, by odfdo: the sheets of `sheets.py`, and nothing worked out."""

from __future__ import annotations

import io
import string
import zipfile
from collections.abc import Iterable, Iterator, Sequence
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
    automatic = written.content.get_element("//office:automatic-styles")
    for style in _styles_of_sheets(book.sheets):
        automatic.append(odfdo.Element.from_tag(style))
    # Whole sheets as XML: made cell by cell, odfdo takes three times as long.
    for part in (*map(_table, book.sheets), _marked_tables(book.sheets)):
        written.body.append(odfdo.Element.from_tag(part))
    file = io.BytesIO()
    written.save(file)
    return _without_dates(file.getvalue())


def _replace_template(written: odfdo.Document, book: Workbook) -> None:
    """Empty parts and our styles instead of odfdo's template: fonts, printer and dates of its maker's machine."""
    body = "<office:automatic-styles/><office:body><office:spreadsheet/></office:body>"
    used = ("style", "text", "table", "number", "xlink")
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


def _styles_of_sheets(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Styles that depend on the sheets: widths, heights and decimals."""
    yield (
        '<style:style style:name="sheet" style:family="table" style:master-page-name="Default">'
        '<style:table-properties table:display="true" style:writing-mode="lr-tb"/></style:style>'
    )
    for n in sorted({column.width for sheet in sheets for column in sheet.columns}):
        yield (
            f'<style:style style:name="column{n}" style:family="table-column"><style:table-column-properties '
            f'style:column-width="{n * _CM_A_CHARACTER + _CM_OF_ROOM:.2f}cm"/></style:style>'
        )
    for n in sorted({lines for sheet in sheets for lines in sheet.lines_in_rows()}):
        yield (
            f'<style:style style:name="row{n}" style:family="table-row"><style:table-row-properties '
            f'style:row-height="{n * _CM_A_LINE:.2f}cm" style:use-optimal-row-height="true"/></style:style>'
        )
    for n in sorted({c.decimals for s in sheets for row in s.rows for c in row if c.number is not None}):
        yield (
            f'<number:number-style style:name="decimals{n}"><number:number number:decimal-places="{n}" '
            f'number:min-decimal-places="{n}" number:min-integer-digits="1" number:grouping="true"/>'
            "</number:number-style>"
        )
        yield (
            f'<style:style style:name="number{n}" style:family="table-cell" style:parent-style-name="Default" '
            f'style:data-style-name="decimals{n}"/>'
        )


def _table(sheet: Sheet) -> str:
    """A sheet as XML; its head row is marked as such, so that it stands on every printed page."""
    lines = sheet.lines_in_rows()
    columns = (
        f'<table:table-column table:style-name="column{column.width}" table:default-cell-style-name="Default"/>'
        for column in sheet.columns
    )
    above = ((sheet.title, "Title"), *((line, "Line") for line in sheet.lines))
    heads = (_text(column.title, _head_style(n, column)) for n, column in enumerate(sheet.columns))
    rows = (
        _row((_cell(cell, n, sheet.columns[n]) for n, cell in enumerate(row)), lines_in_row)
        for row, lines_in_row in zip(sheet.rows, lines[1:], strict=True)
    )
    inside = (
        f"<table:title>{escape(sheet.title)}</table:title>",
        *columns,
        *(_row([_text(text, style)]) for text, style in above),
        f"<table:table-header-rows>{_row(heads, lines[0])}</table:table-header-rows>",
        *rows,
    )
    return f'<table:table table:name={quoteattr(sheet.name)} table:style-name="sheet">{"".join(inside)}</table:table>'


def _row(cells: Iterable[str], lines: int = 0) -> str:
    style = f' table:style-name="row{lines}"' if lines else ""
    return f"<table:table-row{style}>{''.join(cells)}</table:table-row>"


def _cell(cell: SheetCell, n: int, column: SheetColumn) -> str:
    if cell.number is not None:
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell.number!r}" '
            f'table:style-name="number{cell.decimals}"><text:p>{escape(cell.text)}</text:p></table:table-cell>'
        )
    style = "Shorthand" if column.numeric else "Text_20_beside" if n else "Text"
    return _text(cell.text, "Link" if cell.leads_to else style, cell.leads_to)


def _text(text: str, style: str, leads_to: str = "") -> str:
    words = escape(text)
    if leads_to:
        target = quoteattr(f"#'{leads_to}'.A1")
        words = f'<text:a xlink:type="simple" xlink:href={target}>{words}</text:a>'
    return (
        f'<table:table-cell office:value-type="string" office:string-value={quoteattr(text)} '
        f'table:style-name="{style}"><text:p>{words}</text:p></table:table-cell>'
    )


def _head_style(n: int, column: SheetColumn) -> str:
    if column.numeric:
        return "Column_20_head_20_of_20_numbers"
    return "Column_20_head_20_beside" if n else "Column_20_head"


def _marked_tables(sheets: Sequence[Sheet]) -> str:
    """A named range with heads for each table: what a marked table is to Excel."""
    ranges = []
    for sheet in sheets:
        name = f"'{sheet.name}'"
        last = column_letters(len(sheet.columns) - 1)
        address = f"{name}.A{sheet.head_row}:{name}.{last}{sheet.head_row + len(sheet.rows)}"
        ranges.append(
            f'<table:database-range table:name="{sheet.table}" table:target-range-address={quoteattr(address)} '
            'table:contains-header="true" table:display-filter-buttons="false"/>'
        )
    return f"<table:database-ranges>{''.join(ranges)}</table:database-ranges>"


def _without_dates(content: bytes) -> bytes:
    """The same zip file with members of no date: odfdo stamps them with the machine's clock."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as stamped, zipfile.ZipFile(file, "w") as plain:
        for member in stamped.infolist():
            info = zipfile.ZipInfo(member.filename, _NO_DATE)
            info.compress_type = member.compress_type
            plain.writestr(info, stamped.read(member))
    return file.getvalue()
