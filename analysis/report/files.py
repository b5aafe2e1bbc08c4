"""The report's files: Markdown, one HTML page that needs no other file, the contrasts' table, pictures."""

from analysis.figures import legible, rendered
from analysis.report.elements.findings import Findings
from analysis.report.html import html
from analysis.report.page import page
from analysis.report.sections import sections_of


def files(found: Findings) -> dict[str, bytes]:
    """All files by name: report.md, report.html, tables as CSV and each picture as PNG and SVG."""
    sections = sections_of(found)
    numbers, drawn, narrow, tables = {}, {}, {}, {}
    for section in sections:
        for name, picture in section.pictures.items():
            figure = picture.draw()
            numbers[name] = legible(figure, found.names)
            drawn |= {f"{name}.{kind}": rendered(figure, kind) for kind in ("svg", "png")}
            if picture.draw_narrow is not None:
                figure = picture.draw_narrow()
                legible(figure, found.names)
                narrow[f"{name}-narrow.svg"] = rendered(figure, "svg")
        for name, table in section.tables.items():
            if not table.empty:
                tables[f"{name}.csv"] = table.to_csv(index=False).encode()
    text = page(found, sections, numbers)
    svg = {name: content for name, content in drawn.items() if name.endswith(".svg")}
    one_page = html(found.name, text, {**svg, **narrow})
    return {"report.md": text.encode(), "report.html": one_page.encode(), **tables, **drawn}
