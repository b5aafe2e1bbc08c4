"""Links of Markdown pages: where they lead, and which lead nowhere."""

import re
from pathlib import Path


def broken(page: Path) -> list[str]:
    """Links to files, or headings of pages, that are not there; each with its page."""
    return [f"{page.name}: {link}" for link in links(page) if not leads_somewhere(page, link)]


def reached(start: Path) -> set[Path]:
    """The pages that a reader comes to from one, itself among them."""
    pages, waiting = set(), [start.resolve()]
    while waiting:
        page = waiting.pop()
        if page not in pages and page.suffix == ".md" and page.is_file():
            pages.add(page)
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    return pages


def links(page: Path) -> list[str]:
    """Those within the repository, as they are written; none of what stands as code."""
    text = re.sub(r"^```.*?^```|`[^`\n]*`(?!\])", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith(("http", "mailto:"))]


def leads_somewhere(page: Path, link: str) -> bool:
    file, _, heading = link.partition("#")
    target = page.parent / file if file else page
    return target.exists() and (not heading or heading in anchors(target))


def anchors(page: Path) -> set[str]:
    """A page's headings as GitHub names them in links."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        again = sum(one == name or re.fullmatch(rf"{re.escape(name)}-\d+", one) is not None for one in found)
        found.add(f"{name}-{again}" if again else name)
    return found
