"""The report's files: Markdown, one HTML page that needs no other file, the contrasts' table, pictures."""

from analysis.figures import rendered
from analysis.report.elements.findings import Findings
from analysis.report.html import html
from analysis.report.page import page
from analysis.report.sections import sections_of


def files(found: Findings) -> dict[str, bytes]:
    """All files by name: report.md, report.html, tables as CSV and each picture as PNG and SVG."""
    sections = sections_of(found)
    text, drawn, narrow, tables = page(found, sections), {}, {}, {}
    for section in sections:
        for name, picture in section.pictures.items():
            figure = picture.draw()
            drawn |= {f"{name}.{kind}": rendered(figure, kind) for kind in ("svg", "png")}
            if picture.draw_narrow is not None:
                narrow[f"{name}-narrow.svg"] = rendered(picture.draw_narrow(), "svg")
        for name, table in section.tables.items():
            if not table.empty:
                tables[f"{name}.csv"] = table.to_csv(index=False).encode()
    svg = {name: content for name, content in drawn.items() if name.endswith(".svg")}
    one_page = html(found.name, text, {**svg, **narrow})
    return {"report.md": text.encode(), "report.html": one_page.encode(), **tables, **drawn}
