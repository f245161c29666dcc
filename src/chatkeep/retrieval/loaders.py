"""The loaders: which function reads which kind of file.

To read another format, write a function that takes the file's text and returns
a `Document` (`Outline` builds one), and give it to the index:

    Index("docs.index", loaders={**LOADERS, ".adoc": load_asciidoc})
"""

from collections.abc import Mapping
from types import MappingProxyType

from .base import Loader
from .html import load_html
from .markdown import load_markdown
from .rst import load_rst
from .text import load_text

LOADERS: Mapping[str, Loader] = MappingProxyType(
    {
        ".htm": load_html,
        ".html": load_html,
        ".markdown": load_markdown,
        ".md": load_markdown,
        ".rst": load_rst,
        ".text": load_text,
        ".txt": load_text,
    }
)
"""The loader of each suffix, in lower case."""
