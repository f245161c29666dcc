"""Journals: what turns have streamed, kept piece by piece, read by whoever follows them."""

import asyncio
from dataclasses import replace

from ...stores.base import Checkpoint, Progress, Store, TurnChanges, TurnRecord, TurnStatus
from .records import ALICE, HOLDER, STRANGERS, a_piece, a_turn, begun


async def _read(store: Store, turn: object, start: int = 0) -> list[bytes]:
    return [piece.data for piece in await store.load_checkpoints(turn, start)]  # type: ignore[arg-type]


class JournalsContract:
    """What a store promises about checkpoints."""

    async def test_pieces_come_back_as_they_were_in_order_for_each_turn(self, store: Store) -> None:
        one, two = await begun(store, "t1"), await begun(store, "t2")
        first, second = a_piece(one.id, 0, b"a", b"b"), a_piece(one.id, 2, b"c")
        other = a_piece(two.id, 0, b"x")
        await store.checkpoint(HOLDER, [first, other])
        await store.checkpoint(HOLDER, [])
        await store.checkpoint(HOLDER, [second])

        assert await store.load_checkpoints(one) == [first, second]
        assert await store.load_checkpoints(two) == [other]

    async def test_a_piece_that_comes_again_is_kept_once(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a", b"b")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 2, b"c")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 2, b"c")])

        assert await _read(store, turn) == [b"ab", b"c"]

    async def test_a_piece_that_comes_late_takes_nothing_away(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a", b"b")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 2, b"c")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a")])

        assert await _read(store, turn) == [b"ab", b"c"]

    async def test_reading_goes_on_from_a_frame(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"0", b"1")])
        await store.checkpoint(HOLDER, [a_piece(turn.id, 2, b"2", b"3", b"4")])
        await store.checkpoint(HOLDER, [Checkpoint(turn.id, 5, 5, 0, b"a note")])
        await store.checkpoint(HOLDER, [Checkpoint(turn.id, 6, 5, 1, b"5")])

        assert await _read(store, turn, 0) == [b"01", b"234", b"a note", b"5"]
        assert await _read(store, turn, 1) == [b"01", b"234", b"a note", b"5"]
        assert await _read(store, turn, 2) == [b"234", b"a note", b"5"]
        assert await _read(store, turn, 4) == [b"234", b"a note", b"5"]
        assert await _read(store, turn, 5) == [b"a note", b"5"]
        assert await _read(store, turn, 6) == [b"a note"]

    async def test_what_is_anothers_or_has_ended_takes_no_more(self, store: Store) -> None:
        mine, ended = await begun(store, "t1"), await begun(store, "t2")
        other = await begun(store, "t3", holder="host-b:1:x")
        await store.finish_turn(ended, "finished", TurnChanges())
        pieces = [a_piece(turn.id, 0, b"said") for turn in (other, ended, mine)]
        await store.checkpoint(HOLDER, [*pieces, a_piece("none", 0, b"said")])

        assert await _read(store, mine) == [b"said"]
        assert await _read(store, other) == []
        assert await _read(store, ended) == []

    async def test_many_checkpoints_at_once_keep_every_piece(self, store: Store) -> None:
        turns = [await begun(store, f"t{number}", holder=f"h{number}") for number in range(4)]
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(
                    store.checkpoint(turn.holder, [a_piece(turn.id, number, b"%d" % number)])
                    for turn in turns
                    for number in range(4)
                )
            )

        for turn in turns:
            assert await _read(store, turn) == [b"0", b"1", b"2", b"3"]

    async def test_a_thread_that_goes_takes_its_journal_along(self, store: Store) -> None:
        turn = await begun(store)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"said")])
        await store.delete_thread(ALICE, "t")

        assert await _read(store, turn) == []

    # How far turns have come, for those who follow them in other workers

    async def test_a_turns_progress_is_told_as_it_is_kept(self, store: Store) -> None:
        turn = await begun(store)
        assert await _progress(store, turn) in _either("active", 0)
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"a", b"b")])
        assert await _progress(store, turn) in _either("active", 2)
        await store.checkpoint(HOLDER, [Checkpoint(turn.id, 2, 2, 0, b"a note")])
        assert await _progress(store, turn) in _either("active", 2)
        await store.finish_turn(turn, "failed", TurnChanges(tail=Checkpoint(turn.id, 3, 9, 2, b"")))
        assert await _progress(store, turn) in _either("failed", 11)

    async def test_the_progress_of_many_turns_is_told_at_once(self, store: Store) -> None:
        turns = [await begun(store, f"t{number}", id=f"trn_{number}") for number in range(5)]
        await store.checkpoint(HOLDER, [a_piece(turns[3].id, 0, b"a")])
        await store.finish_turn(turns[1], "stopped", TurnChanges())
        await store.delete_thread(ALICE, "t2")
        found = await store.progress([*turns, a_turn("t", id="none")])

        statuses = {turn_id: each.status for turn_id, each in found.items()}
        active = dict.fromkeys(("trn_0", "trn_3", "trn_4"), "active")
        assert statuses == {**active, "trn_1": "stopped"}
        assert found["trn_3"] in _either("active", 1)
        assert await store.progress([]) == {}

    async def test_another_owners_progress_is_not_told(self, store: Store) -> None:
        turn = await begun(store)
        for stranger in STRANGERS:
            assert await store.progress([replace(turn, owner=stranger)]) == {}


async def _progress(store: Store, turn: TurnRecord) -> Progress:
    return (await store.progress([turn]))[turn.id]


def _either(status: TurnStatus, frames: int) -> list[Progress]:
    """A store says how many frames there are, or that it would have to read them."""
    return [Progress(status, frames), Progress(status)]
