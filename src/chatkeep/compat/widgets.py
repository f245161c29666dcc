"""The SDK's widget streams, with ids that don't collide."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from chatkit import server as sdk
from chatkit.store import StoreItemType

from ..protocol.types import ThreadMetadata, ThreadStreamEvent, WidgetRoot
from .ids import generate_id


def stream_widget(
    thread: ThreadMetadata,
    widget: WidgetRoot | AsyncGenerator[WidgetRoot, None],
    copy_text: str | None = None,
    generate_id: Callable[[StoreItemType], str] = generate_id,
) -> AsyncIterator[ThreadStreamEvent]:
    """Return the events of a widget, or of one that is shown as it grows."""
    return sdk.stream_widget(thread, widget, copy_text, generate_id)
