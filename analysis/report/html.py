"""The report's page as HTML that needs no other file and can be read on a desk and on a telephone; or a part of it."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from analysis.figures.marks import MARKS
from analysis.judging.verdict_name import HARMFUL, SUPPORTED, WITHOUT_A_GAIN_THAT_MATTERS, VerdictName

NARROW = "(max-width: 40rem)"
"""Where tables of verdicts become cards, and a picture is taken in its narrow form if it has one."""

TONES = {"gain": SUPPORTED, "loss": HARMFUL, "small": WITHOUT_A_GAIN_THAT_MATTERS, "open": {VerdictName.INCONCLUSIVE}}
"""What the verdicts of one colour share; all others have none."""

STYLE = f"""\
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
h1, h2, p, li {{ overflow-wrap: anywhere; }}
h2 {{ margin-top: 2.5rem; }}
a {{ color: #0b5394; }}
img {{ max-width: 100%; height: auto; display: block; }}
table {{ border-collapse: collapse; font-size: 0.86rem; }}
th, td {{ border-bottom: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top;
  max-width: 28rem; overflow-wrap: break-word; }}
th {{ border-bottom: 2px solid #666; }}
.gain {{ background: #d5ecdf; color: #0b4a2b; }}
.loss {{ background: #f9dcd0; color: #7a2600; }}
.small {{ background: #e4e9f2; color: #2b3a55; }}
.open {{ background: #f4f1e4; color: #554a12; }}
.wide {{ overflow-x: auto; margin: 1rem 0;
  background:
    linear-gradient(to right, #fff 2rem, #fff0) left / 4rem 100% no-repeat local,
    linear-gradient(to left, #fff 2rem, #fff0) right / 4rem 100% no-repeat local,
    linear-gradient(to right, #0005, #0000) left / 0.8rem 100% no-repeat,
    linear-gradient(to left, #0005, #0000) right / 0.8rem 100% no-repeat; }}
@media {NARROW} {{
  body {{ margin: 1rem auto; }}
  h1 {{ font-size: 1.5rem; }}
  .cards thead {{ display: none; }}
  .cards, .cards tbody, .cards tr, .cards td {{ display: block; }}
  .cards tr {{ border: 1px solid #999; border-radius: 0.4rem; margin: 0 0 0.8rem; overflow: hidden; }}
  .cards td {{ max-width: none; overflow-wrap: anywhere; }}
  .cards tr td:first-child {{ font-weight: bold; }}
  .cards tr td:last-child {{ border-bottom: 0; }}
  .picture img {{ max-width: none; width: 44rem; }}
  .cards td:empty {{ display: none; }}
  .cards td::before {{ content: attr(data-head) ": "; color: #555; font-weight: normal; }}
  .cards td[data-head=""]::before {{ content: none; }}
}}
"""
"""A wide table scrolls, and a shadow shows at the side where there is more of it."""

SCOPE = "spectra-tune"
"""Class of what is a part of another page."""


def html(title: str, text: str, pictures: Mapping[str, bytes]) -> str:
    """A Markdown page as HTML with its pictures inside.

    pictures: SVG by the file's name on the page; one called `<name>-narrow.svg` stands in for `<name>.svg` on a narrow
    screen.
    """
    body = _body(text, pictures)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def fragment(text: str, pictures: Mapping[str, bytes]) -> str:
    """The same as a part of somebody else's page, such as a notebook's, whose other parts keep their look."""
    return f'<div class="{SCOPE}">\n<style>\n.{SCOPE} {{\n{STYLE}}}\n</style>\n{_body(text, pictures)}</div>\n'


class _Page(MarkdownIt):
    """A page whose links were made here, in a URL's own letters: of thousands, none is taken apart to see."""

    def normalizeLink(self, url: str) -> str:
        return url


def _body(text: str, pictures: Mapping[str, bytes]) -> str:
    parser = _Page("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    _dress_tables(tokens)
    _put_pictures(tokens, pictures)
    return parser.renderer.render(tokens, parser.options, {})


def _dress_tables(tokens: list[Token]) -> None:
    """Tables scroll where they are wide; a cell that begins with a verdict's mark gets its colour, and its table's rows
    become cards on a narrow screen."""
    tones = {MARKS[name]: tone for tone, names in TONES.items() for name in names}
    heads: list[str] = []
    column, table = 0, None
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            heads, table = [], token
        elif token.type == "th_open":
            heads.append("".join(child.content for child in tokens[at + 1].children or ()))
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open" and table is not None:
            token.attrSet("data-head", heads[column])
            column += 1
            mark = tokens[at + 1].content[:1]
            if mark in MARKS.values():
                table.attrSet("class", "cards")
                token.attrSet("class", tones.get(mark, "none"))
    for at in reversed([at for at, token in enumerate(tokens) if token.type == "table_open"]):
        closed = next(later for later in range(at, len(tokens)) if tokens[later].type == "table_close")
        tokens.insert(closed + 1, Token("html_block", "", 0, content="</div>\n"))
        tokens.insert(at, Token("html_block", "", 0, content='<div class="wide" tabindex="0">\n'))


def _put_pictures(tokens: Sequence[Token], pictures: Mapping[str, bytes]) -> None:
    """Gives every picture its bytes, and where it has a narrow form both."""
    for token in tokens:
        for image in [child for child in token.children or () if child.type == "image"]:
            file = str(image.attrs["src"])
            if file not in pictures:
                continue
            image.attrSet("src", as_source(pictures[file]))
            narrow = pictures.get(f"{file.removesuffix('.svg')}-narrow.svg")
            before, after = '<div class="wide picture" tabindex="0">', "</div>"
            if narrow is not None:
                before, after = f'<picture><source media="{NARROW}" srcset="{as_source(narrow)}">', "</picture>"
            around = [Token("html_inline", "", 0, content=words) for words in (before, after)]
            assert token.children is not None
            place = token.children.index(image)
            token.children[place : place + 1] = [around[0], image, around[1]]


def as_source(picture: bytes) -> str:
    """An SVG as the source of an image."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
