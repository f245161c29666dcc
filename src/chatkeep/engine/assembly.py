"""The parts of one turn, put together: its log, journal, recorder, and what runs it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..context import Context
from ..live.base import LogWriter
from ..live.frames import NoLog
from ..responders.base import StreamingResponder
from ..stores.base import Store, TurnRecord
from ..turn import Turn
from .journal import Journal
from .observing import TurnClock
from .openings import Opening
from .recorder import Recorder
from .runner import TurnRunner
from .thread_items import ThreadItems
from .thread_state import ThreadState
from .worker import Worker

logger = logging.getLogger("chatkeep.turn")


def assemble(
    opening: Opening,
    record: TurnRecord,
    context: Context,
    responder: StreamingResponder,
    replaces: Sequence[str],
    *,
    store: Store,
    worker: Worker,
    namer: Callable[[Turn], Any] | None,
    held_since: float,
) -> TurnRunner:
    """Return what runs a turn that the store has begun. The worker has hold of it."""
    log = _log_of(worker, record)
    journal = Journal(record.id)
    until = opening.input if opening.is_retry else None
    items = ThreadItems(store, record.owner, record.thread_id, record.id, until)
    settings = worker.settings
    recorder = Recorder(record.thread_id, journal, log, items, settings.max_answer_bytes)
    for event in opening.prelude:
        recorder.publish(event)
    state = ThreadState(opening.thread)
    turn = Turn(
        id=record.id,
        kind=opening.kind,
        context=context,
        thread=state,
        input=opening.input,
        message=opening.message,
        action=opening.action,
        replaces=replaces,
        recorder=recorder,
        load_items=items.newest,
        load_state=partial(store.get_state, record.owner, record.thread_id),
    )
    runner = TurnRunner(
        turn=turn,
        record=record,
        responder=responder,
        recorder=recorder,
        journal=journal,
        items=items,
        state=state,
        log=log,
        store=store,
        settings=settings,
        namer=namer,
        clock=TurnClock(worker.observer, record.id) if worker.observer else None,
        on_end=worker.ended,
        held_since=held_since,
    )
    worker.add(runner)
    return runner


def _log_of(worker: Worker, record: TurnRecord) -> LogWriter:
    try:
        return worker.live.create(record)
    except (Exception, asyncio.CancelledError):
        logger.exception("the live log broke; turn %s can't be followed", record.id)
        return NoLog()
