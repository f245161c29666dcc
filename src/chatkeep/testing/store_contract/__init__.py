"""What every store must do, as a pytest suite: subclass it for a store of your own.

    import pytest_asyncio
    from chatkeep.testing.store_contract import StoreContract

    class TestMyStore(StoreContract):
        @pytest_asyncio.fixture
        async def store(self):
            store = MyStore()
            await store.open()
            yield store
            await store.close()

Each test gets an open, empty store. It needs pytest and pytest-asyncio. The
contract itself is the text of `chatkeep.stores.base`. What a store may do
beside it (`chatkeep.stores.capabilities`) has suites of its own:
`PurgingContract`, `WakingContract`.
"""

import pytest

_PARTS = (
    *("attachments", "feedback", "fences", "items", "journals", "leases", "lists", "owners"),
    *("purging", "states", "text", "threads", "turns", "waking"),
)
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from ...stores.base import Store  # noqa: E402
from .attachments import AttachmentsContract  # noqa: E402
from .feedback import FeedbackContract  # noqa: E402
from .fences import FencesContract  # noqa: E402
from .items import ItemsContract  # noqa: E402
from .journals import JournalsContract  # noqa: E402
from .leases import LeasesContract  # noqa: E402
from .lists import ListsContract  # noqa: E402
from .owners import OwnersContract  # noqa: E402
from .purging import PurgingContract  # noqa: E402
from .states import StatesContract  # noqa: E402
from .text import TextContract  # noqa: E402
from .threads import ThreadsContract  # noqa: E402
from .turns import TurnsContract  # noqa: E402
from .waking import WakingContract  # noqa: E402

__all__ = ["PurgingContract", "StoreContract", "WakingContract"]


@pytest.mark.asyncio
class StoreContract(
    OwnersContract,
    ThreadsContract,
    ListsContract,
    ItemsContract,
    AttachmentsContract,
    FeedbackContract,
    TurnsContract,
    LeasesContract,
    FencesContract,
    JournalsContract,
    StatesContract,
    TextContract,
):
    """The whole store contract; a subclass brings the fixture ``store``."""

    async def test_opens_closes_and_answers(self, store: Store) -> None:
        await store.open()
        await store.ping()
        await store.close()
        await store.close()
