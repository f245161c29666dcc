"""What every live log must do, as a pytest suite: subclass it for a log of your own.

    import pytest_asyncio
    from chatkeep.testing import LiveLogContract

    class TestMyLog(LiveLogContract):
        @pytest_asyncio.fixture
        async def live(self):
            live = MyLog()
            await live.open()
            yield live
            await live.close()

Each test gets an open log. A log of which writers and readers are in different
workers is tested with a fixture ``elsewhere`` too: the log of another worker,
from which all is read. It needs pytest and pytest-asyncio. The contract itself
is the text of `chatkeep.live.base`.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from .. import ids
from ..context import Owner
from ..live.base import FollowLost, LiveLog, LogReader, LogWriter
from ..stores.base import TurnRecord

_OWNER = Owner("acme", "alice")
_PATIENCE = 30.0
_LARGE = 300_000
"""More bytes than any one `read` should return of small frames."""


def a_frame(number: int, size: int = 0) -> bytes:
    """A frame as the engine makes them: ``data: {json}`` and an empty line."""
    return b'data: {"n":%d,"more":"%b"}\n\n' % (number, b"x" * size)


def frames_from(first: int, count: int) -> list[bytes]:
    """So many frames, the first of that number."""
    return [a_frame(number) for number in range(first, first + count)]


async def read_all(reader: LogReader) -> list[bytes]:
    """Read to the end."""
    frames: list[bytes] = []
    while new := await reader.read():
        frames += new
    return frames


async def read_some(reader: LogReader, count: int) -> list[bytes]:
    """Read until there are so many frames."""
    frames: list[bytes] = []
    while len(frames) < count:
        new = await reader.read()
        assert new, f"the log ended after {len(frames)} frames"
        frames += new
    return frames


@pytest.mark.asyncio
class LiveLogContract:
    """The whole contract of live logs; a subclass brings the fixture ``live``."""

    @pytest.fixture
    def elsewhere(self, live: LiveLog) -> LiveLog:
        """Where logs are read: the same, or that of another worker."""
        return live

    async def begun(self, live: LiveLog) -> tuple[TurnRecord, LogWriter]:
        """Return a turn that has just begun, and the writer of its log.

        Overridden where a turn has to be known to others first.
        """
        turn = self.a_turn()
        return turn, live.create(turn)

    def a_turn(self) -> TurnRecord:
        """A turn of its own on a thread of its own."""
        started_at = datetime.now(UTC)
        return TurnRecord(
            ids.turn_id(), _OWNER, ids.thread_id(), "threads.create", "holder", started_at
        )

    async def following(self, elsewhere: LiveLog, turn: TurnRecord, position: int = 0) -> LogReader:
        """A reader, which must be there."""
        reader = await elsewhere.reader(turn, position)
        assert reader is not None
        assert reader.position == position
        return reader

    async def written(
        self, live: LiveLog, frames: Sequence[bytes], *, ended: bool = True
    ) -> tuple[TurnRecord, LogWriter]:
        """A turn whose log has these frames."""
        turn, writer = await self.begun(live)
        for frame in frames:
            writer.append(frame)
        if ended:
            writer.end()
        return turn, writer

    # Reading

    async def test_a_reader_gets_each_frame_once_in_order_and_then_the_end(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.begun(live)
        reader = await self.following(elsewhere, turn)
        following = asyncio.create_task(read_all(reader))
        frames = frames_from(0, 50)
        for number, frame in enumerate(frames):
            writer.append(frame)
            if number % 7 == 0:
                await asyncio.sleep(0)
        writer.end()
        async with asyncio.timeout(_PATIENCE):
            assert await following == frames
            assert await reader.read() == []
        assert reader.position == 50

    async def test_what_is_there_is_read_before_the_end_has_come(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.written(live, frames_from(0, 3), ended=False)
        reader = await self.following(elsewhere, turn)
        async with asyncio.timeout(_PATIENCE):
            assert await read_some(reader, 3) == frames_from(0, 3)
            writer.append(a_frame(3))
            assert await reader.read() == [a_frame(3)]
            writer.end()
            assert await reader.read() == [], "an end that brings nothing more is an end"

    async def test_a_log_is_read_from_any_position(self, live: LiveLog, elsewhere: LiveLog) -> None:
        frames = frames_from(0, 5)
        turn, writer = await self.written(live, frames, ended=False)
        readers = [await self.following(elsewhere, turn, start) for start in range(6)]
        async with asyncio.timeout(_PATIENCE):
            for start, reader in enumerate(readers[:5]):
                assert await read_some(reader, 5 - start) == frames[start:]
                assert reader.position == 5
            writer.append(a_frame(5))
            writer.end()
            assert [await read_all(reader) for reader in readers] == [[a_frame(5)]] * 6

    async def test_positions_count_frames_and_say_where_a_read_began(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        frames = frames_from(0, 40)
        turn, _ = await self.written(live, frames)
        reader = await self.following(elsewhere, turn, 7)
        async with asyncio.timeout(_PATIENCE):
            while new := await reader.read():
                first = reader.position - len(new)
                assert new == frames[first : reader.position]

    async def test_a_position_that_is_not_reached_yet_waits_for_its_frame(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.written(live, frames_from(0, 2), ended=False)
        reader = await self.following(elsewhere, turn, 3)
        reading = asyncio.create_task(reader.read())
        writer.append(a_frame(2))
        writer.append(a_frame(3))
        async with asyncio.timeout(_PATIENCE):
            assert await reading == [a_frame(3)]
        reader.close()
        writer.end()

    async def test_many_readers_follow_each_in_its_own_time(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.begun(live)
        readers = [await self.following(elsewhere, turn) for _ in range(20)]
        slow, quick = readers[0], [asyncio.create_task(read_all(each)) for each in readers[1:]]
        frames = frames_from(0, 30)
        for frame in frames:
            writer.append(frame)
        writer.end()
        async with asyncio.timeout(_PATIENCE):
            assert await asyncio.gather(*quick) == [frames] * 19
            assert await read_all(slow) == frames, "whoever comes last gets all of it too"

    async def test_a_large_backlog_comes_in_pieces_and_whole(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        small = [a_frame(number, 1000) for number in range(1000)]
        frames = [*small, a_frame(1000, _LARGE), a_frame(1001)]
        turn, _ = await self.written(live, frames)
        reader = await self.following(elsewhere, turn)
        reads: list[list[bytes]] = []
        async with asyncio.timeout(_PATIENCE):
            while new := await reader.read():
                reads.append(new)
        assert [frame for new in reads for frame in new] == frames
        assert max(sum(map(len, new)) for new in reads if len(new) > 1) < _LARGE

    async def test_several_turns_have_each_its_own_log(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        one, first = await self.begun(live)
        two, second = await self.begun(live)
        first.append(a_frame(1))
        second.append(a_frame(2))
        first.end()
        second.end()
        async with asyncio.timeout(_PATIENCE):
            assert await read_all(await self.following(elsewhere, two)) == [a_frame(2)]
            assert await read_all(await self.following(elsewhere, one)) == [a_frame(1)]

    async def test_what_gathers_for_a_moment_is_not_lost(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.written(live, [a_frame(0)], ended=False)
        reader = await self.following(elsewhere, turn)
        async with asyncio.timeout(_PATIENCE):
            reading = asyncio.create_task(reader.read(gather=0.01))
            await asyncio.sleep(0)
            writer.append(a_frame(1))
            frames = await reading
            frames += await read_some(reader, 2 - len(frames)) if len(frames) < 2 else []
        assert frames == frames_from(0, 2)
        reader.close()
        writer.end()

    @pytest.mark.parametrize("how", ["end", "close"])
    async def test_gathering_ends_with_the_log_and_with_its_reader(
        self, live: LiveLog, elsewhere: LiveLog, how: str
    ) -> None:
        turn, writer = await self.written(live, [a_frame(0)], ended=False)
        reader = await self.following(elsewhere, turn)
        reading = asyncio.create_task(reader.read(gather=3600))
        await asyncio.sleep(0)
        if how == "close":
            reader.close()
        writer.end()
        async with asyncio.timeout(_PATIENCE):
            assert await reading == ([a_frame(0)] if how == "end" else [])
            assert await reader.read(gather=3600) == []

    # Leaving, and being cancelled

    async def test_a_cancelled_read_loses_nothing(self, live: LiveLog, elsewhere: LiveLog) -> None:
        frames = frames_from(0, 30)
        turn, writer = await self.begun(live)
        reader = await self.following(elsewhere, turn)
        seen: list[bytes] = []
        async with asyncio.timeout(_PATIENCE):
            for number, frame in enumerate(frames):
                reading = asyncio.create_task(reader.read())
                for _round in range(number % 5):
                    await asyncio.sleep(0)
                if number % 2:
                    writer.append(frame)
                reading.cancel()
                await asyncio.wait([reading])
                if not reading.cancelled():
                    seen += reading.result()
                if not number % 2:
                    writer.append(frame)
            writer.end()
            for rounds in range(8):
                reading = asyncio.create_task(reader.read())
                for _round in range(rounds):
                    await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait([reading])
                seen += [] if reading.cancelled() else reading.result()
            seen += await read_all(reader)
        assert seen == frames

    async def test_closing_wakes_a_read_that_waits_and_ends_later_ones(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.begun(live)
        reader, other = [await self.following(elsewhere, turn) for _ in range(2)]
        waiting = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        reader.close()
        reader.close()
        async with asyncio.timeout(_PATIENCE):
            assert await waiting == []
            writer.append(a_frame(0))
            assert await other.read() == [a_frame(0)], "the others go on"
            assert await reader.read() == [], "whatever there is"
        other.close()
        writer.end()

    async def test_a_closed_reader_gives_up_what_it_had_not_read(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, _ = await self.written(live, [a_frame(n, 1000) for n in range(500)])
        reader = await self.following(elsewhere, turn)
        async with asyncio.timeout(_PATIENCE):
            assert await reader.read()
            reader.close()
            assert await reader.read() == []

    async def test_those_who_read_here_are_counted(self, live: LiveLog) -> None:
        turn, writer = await self.begun(live)
        assert writer.readers == 0
        closed, cancelled, finished = [await self.following(live, turn) for _ in range(3)]
        assert writer.readers == 3
        closed.close()
        assert writer.readers == 2
        waiting = asyncio.create_task(cancelled.read())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert writer.readers == 2, "who was cancelled may read again"
        writer.end()
        async with asyncio.timeout(_PATIENCE):
            assert await read_all(finished) == []
        assert writer.readers == 1, "who has come to the end reads no more"
        cancelled.close()
        assert writer.readers == 0

    # Writing

    async def test_what_comes_after_the_end_is_dropped(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.written(live, [a_frame(0)])
        writer.append(a_frame(1))
        writer.end()
        reader = await self.following(elsewhere, turn)
        async with asyncio.timeout(_PATIENCE):
            assert await read_all(reader) == [a_frame(0)]

    async def test_a_reader_that_never_reads_holds_nobody_up(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, writer = await self.begun(live)
        idle = await self.following(elsewhere, turn)
        reading = asyncio.create_task(read_all(await self.following(elsewhere, turn)))
        frames = frames_from(0, 5000)
        for frame in frames:  # nothing is awaited: a log that waited would never get here
            writer.append(frame)
        writer.end()
        async with asyncio.timeout(_PATIENCE):
            assert await reading == frames
        idle.close()

    # After the end, and before the beginning

    async def test_a_log_can_be_read_again_after_its_end(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        frames = frames_from(0, 3)
        turn, _ = await self.written(live, frames)
        async with asyncio.timeout(_PATIENCE):
            for start in (0, 2, 0):
                reader = await self.following(elsewhere, turn, start)
                assert await read_all(reader) == frames[start:]

    async def test_from_behind_the_end_there_is_nothing_to_read(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        turn, _ = await self.written(live, frames_from(0, 3))
        async with asyncio.timeout(_PATIENCE):
            assert await read_all(await self.following(elsewhere, turn)) == frames_from(0, 3)
            for start in (3, 100):
                assert await read_all(await self.following(elsewhere, turn, start)) == []

    async def test_a_turn_that_nobody_knows_has_no_log(self, elsewhere: LiveLog) -> None:
        assert await elsewhere.reader(self.a_turn()) is None
        assert await elsewhere.reader(self.a_turn(), 5) is None

    async def test_opening_and_closing_again_does_no_harm(
        self, live: LiveLog, elsewhere: LiveLog
    ) -> None:
        for log in (live, elsewhere):
            await log.open()
            await log.ping()
        turn, writer = await self.written(live, [a_frame(0)], ended=False)
        reader = await self.following(elsewhere, turn)
        async with asyncio.timeout(_PATIENCE):
            assert await reader.read() == [a_frame(0)]
            waiting = asyncio.create_task(reader.read())
            await asyncio.sleep(0)
            await elsewhere.close()
            await elsewhere.close()
            await asyncio.wait([waiting])
        ending = waiting.exception()
        assert isinstance(ending, FollowLost) if ending else waiting.result() == []
        reader.close()
        writer.end()
