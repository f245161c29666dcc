"""The search for the largest number of paced streams that a server keeps on time."""

from dataclasses import dataclass

from .processes import Server, load

ON_TIME_SHARE = 0.99
_COARSE = 2.0


@dataclass
class Search:
    """Doubles until a load fails, then halves the gap until it is small.

    Advance several searches in turn, so that the machine's noise touches all.
    A load that fails is tried once more: a neighbour's noise is no limit of ours.
    """

    server: Server
    deltas: int
    guess: int = 500
    step: float = 1.1
    low: int = 0
    high: int | None = None

    def advance(self) -> bool:
        """Make one probe; False once the answer is known."""
        if self.high is not None and self.high <= max(self.low, 1) * self.step:
            return False
        streams = self._next()
        if self._keeps_up(streams) or self._keeps_up(streams):
            self.low = streams
        else:
            self.high = streams
        return True

    def _next(self) -> int:
        if self.high is None:
            return int(self.low * _COARSE) or self.guess
        return round((self.low * self.high) ** 0.5) if self.low else self.high // 2

    def _keeps_up(self, streams: int) -> bool:
        result = load(self.server, "paced", streams, self.deltas)
        return not result["failed"] and result["on_time"] >= ON_TIME_SHARE


def search_all(searches: dict[str, Search]) -> dict[str, int]:
    """Run the searches side by side; return each one's largest load kept on time."""
    left = list(searches.values())
    while left:
        left = [search for search in left if search.advance()]
    return {name: search.low for name, search in searches.items()}
