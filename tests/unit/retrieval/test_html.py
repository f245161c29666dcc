"""HTML: what a reader sees, under its headings, on its lines."""

from chatkeep.retrieval.base import Document
from chatkeep.retrieval.html import load_html


def outline(document: Document) -> list[tuple[str, int, str]]:
    return [
        (" › ".join(section.headings), block.line, block.text)
        for section in document.sections
        for block in section.blocks
    ]


PAGE = """<!doctype html>
<html><head>
<title>The
 guide</title>
<style>h1 { color: red }</style>
</head><body>
<nav><h2>Menu</h2><ul><li>Home<nav>deep</nav></li></ul></nav>
<h1>The guide</h1>
<p>Hello   <b>big</b>
world &amp; &lt;all&gt;.</p>
<script>var h = "<h2>No</h2>";</script>
<h2 id="x">Install <a class="headerlink" href="#x">¶</a></h2>
<ul>
<li>First</li><li>Second</li>
</ul>
<pre>
$ run
    it
</pre>
<h3>Linux</h3><p>Use <a
href="apt">apt</a>.
<table><tr><td>A</td><td>B</td></tr></table>
</body></html>
"""


def test_the_text_of_a_page_with_its_lines() -> None:
    document = load_html(PAGE)
    assert document.title == "The guide"
    assert outline(document) == [
        ("", 9, "Hello big\nworld & <all>."),
        ("Install", 14, "First"),
        ("Install", 14, "Second"),
        ("Install", 17, "    $ run\n        it"),
        ("Install › Linux", 20, "Use\napt."),
        ("Install › Linux", 22, "A B"),
    ]


def test_without_a_title_element_the_first_h1_is_the_title() -> None:
    document = load_html("<h1>Guide</h1><p>Text")
    assert document.title == "Guide"
    assert outline(document) == [("", 1, "Text")]


def test_broken_markup_is_read_as_far_as_it_goes() -> None:
    texts = [text for _, _, text in outline(load_html("<p>One<p>Two</div></b><h2>Open<p>Three"))]
    assert texts[:2] == ["One", "Two"]
