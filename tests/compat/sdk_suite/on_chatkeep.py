"""A pytest plugin: the SDK's tests meet Chatkeep's server in place of the SDK's own."""

import chatkit.server

import chatkeep.compat

chatkit.server.ChatKitServer = chatkeep.compat.ChatKitServer  # type: ignore[misc]
