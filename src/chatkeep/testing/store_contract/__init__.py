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
contract itself is the text of `chatkeep.stores.base`.
"""

import pytest

_PARTS = ("attachments", "feedback", "items", "leases", "owners", "text", "threads", "turns")
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from ...stores.base import Store  # noqa: E402
from .attachments import AttachmentsContract  # noqa: E402
from .feedback import FeedbackContract  # noqa: E402
from .items import ItemsContract  # noqa: E402
from .leases import LeasesContract  # noqa: E402
from .owners import OwnersContract  # noqa: E402
from .text import TextContract  # noqa: E402
from .threads import ThreadsContract  # noqa: E402
from .turns import TurnsContract  # noqa: E402

__all__ = ["StoreContract"]


@pytest.mark.asyncio
class StoreContract(
    OwnersContract,
    ThreadsContract,
    ItemsContract,
    AttachmentsContract,
    FeedbackContract,
    TurnsContract,
    LeasesContract,
    TextContract,
):
    """The whole store contract; a subclass brings the fixture ``store``."""

    async def test_opens_closes_and_answers(self, store: Store) -> None:
        await store.open()
        await store.ping()
        await store.close()
        await store.close()
