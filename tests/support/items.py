"""Items as a responder makes them."""

from typing import Any

from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ClientToolCallItem,
    CustomTask,
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    WidgetItem,
    Workflow,
    WorkflowItem,
)
from chatkit.widgets import DynamicWidgetRoot

from chatkeep import Turn


def assistant_message(turn: Turn, text: str, item_id: str | None = None) -> AssistantMessageItem:
    """An assistant's message of one part, or of none if the text is empty."""
    return AssistantMessageItem(
        id=item_id or turn.item_id("assistant_message"),
        thread_id=turn.thread.id,
        created_at=turn.now(),
        content=[AssistantMessageContent(text=text)] if text else [],
    )


def widget_root(*texts: str) -> DynamicWidgetRoot:
    """A card with texts; the ids of its components are ``text0``, ``text1``..."""
    children = [
        {"type": "Text", "id": f"text{number}", "value": text, "streaming": True}
        for number, text in enumerate(texts)
    ]
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": children})


def widget(turn: Turn, *texts: str) -> WidgetItem:
    """A card with texts, as an item."""
    return WidgetItem(
        id=turn.item_id("widget"),
        thread_id=turn.thread.id,
        created_at=turn.now(),
        widget=widget_root(*texts),
    )


def widget_texts(item: dict[str, Any]) -> list[str]:
    """The texts of a card that a client was sent."""
    return [child["value"] for child in item["widget"]["children"]]


def workflow(turn: Turn, *titles: str) -> WorkflowItem:
    """A workflow of tasks with titles."""
    tasks = [CustomTask(title=title) for title in titles]
    return WorkflowItem(
        id=turn.item_id("workflow"),
        thread_id=turn.thread.id,
        created_at=turn.now(),
        workflow=Workflow(type="custom", tasks=list(tasks)),
    )


def tool_call(turn: Turn, name: str = "locate") -> ClientToolCallItem:
    """A pending call of a client's tool."""
    return ClientToolCallItem(
        id=turn.item_id("client_tool_call"),
        thread_id=turn.thread.id,
        created_at=turn.now(),
        call_id="call_1",
        name=name,
        arguments={"precise": True},
    )


def questions(turn: Turn) -> StructuredInputItem:
    """Three questions: one choice, several choices, free text."""
    options = [StructuredInputMultipleChoiceOption(value=value) for value in ("red", "blue")]
    return StructuredInputItem(
        id=turn.item_id("structured_input"),
        thread_id=turn.thread.id,
        created_at=turn.now(),
        inputs=[
            StructuredInputMultipleChoice(id="one", question="Which one?", options=options),
            StructuredInputMultipleChoice(
                id="many", question="Which ones?", options=options, multiple=True
            ),
            StructuredInputFreeform(id="why", question="Why?"),
        ],
    )
