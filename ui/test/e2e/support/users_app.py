"""The scripted app for users who sign in: a cookie says who is asking."""

from scripted_app import ScriptedApp
from starlette.requests import Request

from chatkeep import AuthenticationRequired, Context


async def authenticate(request: Request) -> Context:
    """Take the cookie's word for it."""
    user = request.cookies.get("user")
    if not user:
        raise AuthenticationRequired
    return Context(user=user)


chat = ScriptedApp().chat
chat.authenticate = authenticate
