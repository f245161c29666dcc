"""Markdown that streams is cut where no construct is torn."""

import pytest

from chatkeep.cli.blocks import Blocks

TEXT = """\
# Title

A paragraph
of two lines.

- an item

  its second paragraph

- another

```python
one = 1

two = 2
```

~~~~
``` is text here

~~~ too
~~~~

The end
"""

PARTS = [
    "# Title\n",
    "A paragraph\nof two lines.\n",
    "- an item\n\n  its second paragraph\n",
    "- another\n",
    "```python\none = 1\n\ntwo = 2\n```\n",
    "~~~~\n``` is text here\n\n~~~ too\n~~~~\n",
    "The end\n",
]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_blocks_are_the_same_in_whatever_pieces_the_text_comes(size: int) -> None:
    blocks = Blocks()
    found = []
    for start in range(0, len(TEXT), size):
        found += blocks.feed(TEXT[start : start + size])
    assert [*found, blocks.rest()] == PARTS


def test_nothing_is_lost() -> None:
    blocks = Blocks()
    found = blocks.feed("\n\n\none\n\n\n two\nthree\n\nfour\n")
    assert "\n".join([*found, blocks.rest()]) == "\n\n\none\n\n\n two\nthree\n\nfour\n"


def test_the_tail_is_the_end_of_the_block_under_way() -> None:
    blocks = Blocks()
    blocks.feed("one\n\ntwo\nthree\nfour\nfi")
    blocks.feed("ve")
    assert blocks.tail(2) == "three\nfour\nfive"
    assert blocks.rest() == "two\nthree\nfour\nfive"
