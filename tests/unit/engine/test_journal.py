"""What a turn streams, and which of it no checkpoint has yet."""

from chatkeep.engine.journal import Journal, event_of
from chatkeep.live.entries import entries_of, frames_of
from chatkeep.protocol.sse import frame
from chatkeep.stores.base import Checkpoint

ONE, TWO, THREE = (frame(b'{"n":%d}' % number) for number in (1, 2, 3))


def saved_pieces(journal: Journal, *rounds: list[bytes]) -> list[Checkpoint]:
    """The pieces of a journal that is saved after each round of frames; a note stands in each."""
    pieces = []
    for frames in rounds:
        for each in frames:
            journal.entries.append(each)
        journal.note(b'{"note":1}')
        piece = journal.unsaved()
        assert piece is not None
        journal.saved(piece)
        pieces.append(piece)
    return pieces


def test_a_piece_holds_notes_beside_the_frames_and_counts_the_frames() -> None:
    journal = Journal("trn_1")
    journal.note(b'{"secret":1}')
    journal.entries.append(ONE)
    piece = journal.unsaved()
    assert piece is not None
    assert piece.frames == 1
    assert [event_of(entry) for entry in entries_of(piece)] == [b'{"secret":1}', b'{"n":1}']


def test_a_piece_holds_what_no_earlier_piece_does() -> None:
    journal = Journal("trn_1")
    first, second = saved_pieces(journal, [ONE, TWO], [THREE])
    assert (first.turn_id, first.number, first.first, first.frames) == ("trn_1", 0, 0, 2)
    assert (second.number, second.first, second.frames) == (3, 2, 1)
    assert ONE not in second.data
    assert journal.unsaved() is None
    assert journal.length == 5


def test_what_comes_while_a_piece_is_saved_is_in_the_next() -> None:
    journal = Journal("trn_1")
    journal.entries.append(ONE)
    piece = journal.unsaved()
    assert piece is not None
    journal.entries.append(TWO)
    journal.saved(piece)
    rest = journal.unsaved()
    assert rest is not None
    assert (rest.number, rest.first, rest.data) == (1, 1, TWO)


def test_a_piece_may_hold_frames_that_follow_and_are_not_shown_yet() -> None:
    journal = Journal("trn_1")
    piece = journal.unsaved([ONE, TWO])
    assert piece is not None
    assert piece.frames == 2
    assert journal.unsaved() is None


def test_frames_are_read_from_any_number_on() -> None:
    pieces = saved_pieces(Journal("trn_1"), [ONE, TWO], [], [THREE])
    whole = [ONE, TWO, THREE]
    read = [frames_of(pieces, start) for start in range(5)]
    assert read == [[(0, whole)], [(1, whole[1:])], [(2, whole[2:])], [], []]
