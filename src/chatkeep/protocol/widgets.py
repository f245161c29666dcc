"""Widgets as trees of components."""

from collections.abc import Iterator
from typing import Any


def components(widget: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a widget's root and all components in it, as they are drawn."""
    yield widget
    children = widget.get("children") or ()
    for child in [children] if isinstance(children, dict) else children:
        if isinstance(child, dict):
            yield from components(child)
