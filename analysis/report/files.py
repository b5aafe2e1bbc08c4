"""The report's files: Markdown, one HTML page that needs no other file, the contrasts' table, pictures."""

import base64
from collections.abc import Mapping

from markdown_it import MarkdownIt

from analysis.figures import rendered
from analysis.report.elements.findings import Findings
from analysis.report.page import page
from analysis.report.sections import sections_of

STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.86rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #666; }
img { max-width: 100%; height: auto; display: block; }
h2 { margin-top: 2.5rem; }
a { color: #0b5394; }
"""


def files(found: Findings) -> dict[str, bytes]:
    """All files by name: report.md, report.html, tables as CSV and each picture as PNG and SVG."""
    sections = sections_of(found)
    text, drawn, tables = page(found, sections), {}, {}
    for section in sections:
        for name, picture in section.pictures.items():
            figure = picture.draw()
            drawn |= {f"{name}.{kind}": rendered(figure, kind) for kind in ("svg", "png")}
        for name, table in section.tables.items():
            if not table.empty:
                tables[f"{name}.csv"] = table.to_csv(index=False).encode()
    html = _html(found.name, text, drawn)
    return {"report.md": text.encode(), "report.html": html.encode(), **tables, **drawn}


def _html(name: str, text: str, drawn: Mapping[str, bytes]) -> str:
    """The Markdown page as HTML with its pictures inside."""
    body = MarkdownIt("commonmark").enable("table").render(text)
    for file, content in drawn.items():
        kind = "image/svg+xml" if file.endswith(".svg") else "image/png"
        body = body.replace(f'src="{file}"', f'src="data:{kind};base64,{base64.b64encode(content).decode()}"')
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
