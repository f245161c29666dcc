"""The SDK with the Agents SDK before an OpenAI-compatible model, behind FastAPI."""

import os
from collections.abc import AsyncIterator

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from chatkit.agents import AgentContext, simple_to_agent_input, stream_agent_response
from chatkit.server import ChatKitServer
from chatkit.types import ThreadMetadata, ThreadStreamEvent, UserMessageItem
from openai import AsyncOpenAI

from .store import Context, DictStore
from .web import serve

set_tracing_disabled(True)


class AgentServer(ChatKitServer[Context]):
    """Answers with an agent, as the SDK's quickstart shows."""

    def __init__(self, base_url: str) -> None:
        super().__init__(DictStore())
        model = OpenAIChatCompletionsModel(
            model="fake", openai_client=AsyncOpenAI(base_url=base_url, api_key="none")
        )
        self.agent = Agent[AgentContext[Context]](
            name="Assistant", instructions="Answer.", model=model
        )

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        assert input_user_message is not None
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(
            self.agent, await simple_to_agent_input(input_user_message), context=agent_context
        )
        async for event in stream_agent_response(agent_context, result):
            yield event


app = serve(AgentServer(os.environ["BENCH_MODEL_URL"]))
