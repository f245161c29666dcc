"""How a request that can't be answered is refused."""

from starlette.exceptions import HTTPException

from ..errors import ClientError


class RequestRefused(ClientError, HTTPException, ValueError):
    """The request can't be answered.

    A ``ValueError``, as the SDK raises. FastAPI and Starlette answer it with
    its own status; the SDK's answer was always 500.
    """

    def __init__(self, error: ClientError) -> None:
        HTTPException.__init__(self, error.status, error.message, dict(error.headers or {}))
        vars(self).update(message=error.message, code=error.code, status=error.status)

    def __str__(self) -> str:
        return self.message
