"""The document as a page of its own: escaped, without scripts or anything from elsewhere, ready to print."""

from __future__ import annotations

from html import escape
from typing import Final

from markdown_it import MarkdownIt

from tocsin.postmortems.document import Document

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2rem;border-bottom:1px solid #ccc;padding-bottom:.2rem}h3{font-size:1.05rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f2f2f2}thead td{padding:0}
blockquote{border-left:4px solid #b35900;background:#fff6e8;margin:.8rem 0;padding:.4rem .8rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow-x:auto;background:#f6f6f6;padding:.6rem}footer{margin-top:2rem;color:#555;font-size:.85rem}
@media print{body{margin:0;max-width:none;font-size:11pt}h2{break-after:avoid}tr,blockquote{break-inside:avoid}a{color:inherit}}
"""


def body(markdown: str) -> str:
    """Return Markdown as HTML. Raw HTML in it is shown as text; links to anything but http, https and mail are not made."""
    # Pictures are left as links: a page that is read later must not call another machine.
    return _reachable(str(MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(markdown)))


def _reachable(content: str) -> str:
    """Return HTML in which what may be wider than the screen can be scrolled by keys, and a column without a name has no empty heading.

    Whatever somebody wrote as a tag stands in it as text, so these are tags of the renderer.
    """
    return content.replace("<th></th>", "<td></td>").replace("<table>", '<table tabindex="0">').replace("<pre>", '<pre tabindex="0">')


def blocks(markdown: str) -> list[tuple[int, int, str]]:
    """Return Markdown as HTML, block by block: first and last line of each (from 1) and its HTML, so that a remark can stand beside it."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    environment: dict[str, object] = {}
    tokens = parser.parse(markdown, environment)
    found: list[tuple[int, int, str]] = []
    begin = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:  # the end of a block, or one that is a single token
            first, last = tokens[begin].map or (0, 0)
            found.append((first + 1, last, _reachable(str(parser.renderer.render(tokens[begin : index + 1], parser.options, environment)))))
            begin = index + 1
    return found


def html(document: Document) -> str:
    """Return the document as one HTML page. Raw HTML in it is shown as text; links to anything but http, https and mail are not made."""
    content = body(document.markdown())
    said = f"As of {document.as_of:%Y-%m-%d %H:%M} UTC" if not document.sanitised else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{content}<footer>{escape(said)}</footer>\n</body>\n</html>\n"
    )
