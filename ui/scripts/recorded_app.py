"""A Chatkeep app with a script for everything that the wire can carry.

The user's message names the script: a message "text" runs `text`. What follows
an answer of the user (a tool's output, answers, an action) has one script each.
"""

import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK warns of its own widget classes
    from chatkit import types as t
    from chatkit.widgets import DynamicWidgetComponent, DynamicWidgetRoot

from chatkeep import Chatkeep, Turn
from chatkeep.handlers import WidgetAction
from chatkeep.testing.responder import Pause

Script = Callable[[Turn], AsyncIterator[Any]]


class RecordedApp:
    """The app, and the pause in which one of its answers waits to be stopped."""

    def __init__(self) -> None:
        self.pause = Pause()
        self.chat = Chatkeep("memory:", responder=self.answer)
        self.chat.action(self.act)
        self.chat.sync_action(_act_at_once)
        self.chat.transcribe(lambda audio, context: f"{len(audio.data)} bytes")

    async def answer(self, turn: Turn) -> AsyncIterator[Any]:
        """Run the script that the turn asks for."""
        async for output in self._script(turn)(turn):
            yield output

    def _script(self, turn: Turn) -> Script:
        if turn.kind == "tool_output":
            return _after_tool
        if turn.kind == "structured_input":
            return _after_questions
        text = turn.message.text if turn.message else "text"
        return self._stopped if text == "stopped" else SCRIPTS[text]

    async def act(self, turn: Turn) -> AsyncIterator[Any]:
        """Change the widget that was acted on, and say so."""
        if turn.sender is not None:
            yield _update(turn.sender.id, _component("state", "Text", "Booked"))
        yield f"You did {turn.action.type}." if turn.action else "You did nothing."

    async def _stopped(self, turn: Turn) -> AsyncIterator[Any]:
        yield "As far "
        yield "as it came"
        await self.pause.wait()
        yield " and never this."


def _act_at_once(action: WidgetAction) -> t.ThreadItem | None:
    if action.sender is None:
        return None
    widget = _card("Liked at once")
    return action.sender.model_copy(update={"widget": widget})


# Making items


def _own(turn: Turn, item_type: str) -> dict[str, Any]:
    return {
        "id": turn.item_id(item_type),
        "thread_id": turn.thread.id,
        "created_at": turn.now(),
    }


def _card(state: str) -> DynamicWidgetRoot:
    action = {"type": "book", "payload": {"room": 7}, "handler": "server"}
    children = [
        {"type": "Title", "id": "title", "value": "Room 7"},
        {
            "type": "Row",
            "children": [{"type": "Text", "id": "state", "value": state}],
        },
        {"type": "Transition", "children": {"type": "Text", "id": "inner", "value": "Inner"}},
        {"type": "Button", "id": "book", "label": "Book", "onClickAction": action},
    ]
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": children})


def _widget(turn: Turn, state: str) -> t.WidgetItem:
    return t.WidgetItem(**_own(turn, "widget"), widget=_card(state), copy_text="Room 7")


def _component(component_id: str, kind: str, value: str) -> t.WidgetComponentUpdated:
    fields = {"type": kind, "id": component_id, "value": value}
    component = DynamicWidgetComponent.model_validate(fields)
    return t.WidgetComponentUpdated(component_id=component_id, component=component)


def _update(item_id: str, update: Any) -> t.ThreadItemUpdatedEvent:
    return t.ThreadItemUpdatedEvent(item_id=item_id, update=update)


URL = t.URLSource(title="Rain", url="https://example.com/rain", attribution="Example", group="a")
FILE = t.FileSource(title="Clouds", filename="clouds.md", description="All about clouds")
ENTITY = t.EntitySource(
    title="Sky", id="sky", icon="globe", label="Sky", inline_label="S", data={"height": "high"}
)


# Scripts


async def _text(turn: Turn) -> AsyncIterator[Any]:
    yield t.ProgressUpdateEvent(text="Looking up", icon="search")
    yield "Rain 🌧 falls"
    await turn.cite(URL)
    yield " from 👩‍👩‍👧 clouds"
    await turn.cite(FILE)
    await turn.cite(ENTITY, index=5)
    yield ".\n\n"
    for word in ("So ", "it ", "is, ", "*always*", "."):
        yield word


async def _notes(turn: Turn) -> AsyncIterator[Any]:
    yield t.ClientEffectEvent(name="open_map", data={"place": "Oslo", "zoom": 3})
    yield t.NoticeEvent(level="warning", title="Almost", message="Two [messages](x:y) are left.")
    yield t.NoticeEvent(level="info", message="Only so you know.")
    turn.thread.title = "A title of its own"
    turn.thread.allowed_image_domains = ["images.example.com"]
    await turn.add_hidden_context({"secret": "for models only"})
    yield "Noted."
    yield t.EndOfTurnItem(**_own(turn, "end_of_turn"))


async def _parts(turn: Turn) -> AsyncIterator[Any]:
    item = t.AssistantMessageItem(**_own(turn, "assistant_message"), content=[])
    yield t.ThreadItemAddedEvent(item=item)
    for index, words in enumerate((("One ", "two"), ("Three ", "four"))):
        empty = t.AssistantMessageContent(text="")
        yield _update(
            item.id, t.AssistantMessageContentPartAdded(content_index=index, content=empty)
        )
        for word in words:
            delta = t.AssistantMessageContentPartTextDelta(content_index=index, delta=word)
            yield _update(item.id, delta)
        annotations = [t.Annotation(source=URL, index=4), t.Annotation(source=FILE, index=1)]
        for annotation in annotations:  # the second goes before the first
            added = t.AssistantMessageContentPartAnnotationAdded(
                content_index=index, annotation_index=0, annotation=annotation
            )
            yield _update(item.id, added)
        whole = t.AssistantMessageContent(text="".join(words), annotations=annotations[::-1])
        done = t.AssistantMessageContentPartDone(content_index=index, content=whole)
        yield _update(item.id, done)
        item.content.append(whole)
    yield t.ThreadItemDoneEvent(item=item)


async def _widgets(turn: Turn) -> AsyncIterator[Any]:
    yield _card("A widget that is yielded")
    other = _widget(turn, "To be replaced")
    yield t.ThreadItemAddedEvent(item=other)
    yield _update(other.id, t.WidgetRootUpdated(widget=_card("From the root")))
    yield t.ThreadItemDoneEvent(item=other.model_copy(update={"widget": _card("From the root")}))
    yield t.ThreadItemReplacedEvent(item=other.model_copy(update={"widget": _card("Replaced")}))
    gone = _widget(turn, "To be removed")
    yield t.ThreadItemDoneEvent(item=gone)
    yield t.ThreadItemRemovedEvent(item_id=gone.id)
    # This one the server ends, with what it has made of the updates itself.
    item = _widget(turn, "")
    yield t.ThreadItemAddedEvent(item=item)
    for delta, done in (("Still ", False), ("free", False), ("!", True)):
        yield _update(
            item.id, t.WidgetStreamingTextValueDelta(component_id="state", delta=delta, done=done)
        )
    yield _update(item.id, _component("inner", "Caption", "Changed"))


async def _workflow(turn: Turn) -> AsyncIterator[Any]:
    tasks: list[t.Task] = [
        t.CustomTask(title="Plan", icon="sparkle", content="Think first."),
        t.ThoughtTask(title="Wonder", content="Is it so?"),
        t.SearchTask(title="Search", title_query="rain", queries=["rain"], sources=[URL]),
        t.FileTask(title="Read", sources=[FILE]),
        t.ImageTask(title="Look"),
    ]
    workflow = t.Workflow(type="reasoning", tasks=[], expanded=True)
    item = t.WorkflowItem(**_own(turn, "workflow"), workflow=workflow)
    yield t.ThreadItemAddedEvent(item=item)
    for index, task in enumerate(tasks):
        loading = task.model_copy(update={"status_indicator": "loading"})
        yield _update(item.id, t.WorkflowTaskAdded(task_index=index, task=loading))
        complete = task.model_copy(update={"status_indicator": "complete"})
        yield _update(item.id, t.WorkflowTaskUpdated(task_index=index, task=complete))
        workflow.tasks.append(complete)
    workflow.summary = t.DurationSummary(duration=3)
    workflow.expanded = False
    yield t.ThreadItemDoneEvent(item=item)
    summary = t.CustomSummary(title="Two things", icon="check")
    custom = t.Workflow(type="custom", tasks=tasks[:1], summary=summary)
    yield t.WorkflowItem(**_own(turn, "workflow"), workflow=custom)
    yield t.TaskItem(**_own(turn, "task"), task=tasks[0])


async def _image(turn: Turn) -> AsyncIterator[Any]:
    item = t.GeneratedImageItem(**_own(turn, "generated_image"))
    yield t.ThreadItemAddedEvent(item=item)
    for progress in (0.25, 0.75):
        image = t.GeneratedImage(id="picture", url=f"https://example.com/{progress}.png")
        yield _update(item.id, t.GeneratedImageUpdated(image=image, progress=progress))
    final = t.GeneratedImage(id="picture", url="https://example.com/final.png")
    yield t.ThreadItemDoneEvent(item=item.model_copy(update={"image": final}))


async def _tool(turn: Turn) -> AsyncIterator[Any]:
    yield "I'll ask your page."
    yield t.ThreadItemDoneEvent(
        item=t.ClientToolCallItem(
            **_own(turn, "client_tool_call"),
            call_id="call_1",
            name="locate",
            arguments={"precise": True},
        )
    )


async def _after_tool(turn: Turn) -> AsyncIterator[Any]:
    yield f"Your page said {turn.tool_call.output}." if turn.tool_call else "It said nothing."


async def _questions(turn: Turn) -> AsyncIterator[Any]:
    options = [t.StructuredInputMultipleChoiceOption(value=value) for value in ("red", "blue")]
    yield t.StructuredInputItem(
        **_own(turn, "structured_input"),
        inputs=[
            t.StructuredInputMultipleChoice(id="one", question="Which one?", options=options),
            t.StructuredInputMultipleChoice(
                id="many", question="Which ones?", options=options, multiple=True
            ),
            t.StructuredInputFreeform(id="why", question="Why?", description="In a word."),
        ],
    )


async def _after_questions(turn: Turn) -> AsyncIterator[Any]:
    yield f"So it is {turn.structured_input.status}." if turn.structured_input else "So be it."


async def _one_widget(turn: Turn) -> AsyncIterator[Any]:
    yield _widget(turn, "Free")


async def _failure(turn: Turn) -> AsyncIterator[Any]:
    yield "I was about to say"
    raise RuntimeError("a model broke")


async def _lock(turn: Turn) -> AsyncIterator[Any]:
    turn.thread.status = t.LockedStatus(reason="It is settled.")
    yield "This is the last word."


SCRIPTS: dict[str, Script] = {
    "text": _text,
    "notes": _notes,
    "parts": _parts,
    "widgets": _widgets,
    "workflow": _workflow,
    "image": _image,
    "tool": _tool,
    "questions": _questions,
    "one widget": _one_widget,
    "failure": _failure,
    "lock": _lock,
}
