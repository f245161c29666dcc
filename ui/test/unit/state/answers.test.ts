import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Stream } from "../wire/answers";
import { frame, refusal, streamed } from "../wire/answers";
import {
  added,
  assistant,
  brief,
  chatOf,
  delta,
  done,
  failed,
  never,
  opened,
  Server,
  say,
  toolCall,
  until,
  untilIdle,
  untilShown,
  user,
} from "./server";

const QUESTION = user("msg_1", "Why?");
const OLD = assistant("msg_2", "Because.");

/** A conversation in which an answer is under way: "So far" is shown. */
async function answering({ live = false } = {}) {
  const made = await opened([QUESTION, OLD]);
  const stream = made.server.stream("threads.add_user_message");
  const send = (event: object) => stream.write(frame(event, live ? 1 : undefined));
  void made.chat.send(say("More"));
  [done(user("msg_3", "More")), added(assistant("msg_4")), delta("msg_4", "So far")].forEach(send);
  await untilShown(made.chat, [
    "user done: Why?",
    "assistant done: Because.",
    "user done: More",
    "assistant open: So far",
  ]);
  const kept = ["user done: Why?", "assistant done: Because.", "user done: More"];
  const { phase, failure, canStop } = made.chat.conversation.value;
  return { ...made, stream, send, kept, phase, failure, canStop };
}

describe("an answer that fails", () => {
  test("keeps what there is, says why, and can be tried again", async () => {
    const { server, chat, send, stream, kept, failure, told } = await answering();
    [done(assistant("msg_4", "So far")), failed("responder.failed")].forEach(send);
    stream.end();
    await untilIdle(chat);
    expect(brief(chat)).toEqual([...kept, "assistant done: So far"]);
    expect(failure.value).toMatchObject({
      kind: "turn",
      code: "responder.failed",
      message: "Because of responder.failed.",
    });
    expect(told.filter(({ name }) => name === "error")).toHaveLength(1);

    const again = server.stream("threads.retry_after_item");
    failure.value?.retry?.();
    expect(brief(chat)).toEqual(kept);
    expect(failure.value).toBeNull();
    again.send(done(assistant("msg_5", "All of it."))).end();
    await untilIdle(chat);
    expect(brief(chat)).toEqual([...kept, "assistant done: All of it."]);
    const retry = { thread_id: "thr_1", item_id: "msg_3" };
    expect(server.asked("threads.retry_after_item")).toEqual([retry]);
    expect(told.filter(({ name }) => name.startsWith("response"))).toHaveLength(4);
  });

  test("can't be tried again if the server says so", async () => {
    const { chat, send, stream, failure } = await answering();
    send(failed("turn.too_long", false));
    stream.end();
    await untilIdle(chat);
    expect(failure.value).toMatchObject({ code: "turn.too_long", retry: null });
  });
});

describe("an answer that breaks off", () => {
  const ways: [string, (stream: Stream) => void][] = [
    ["the connection is lost", (stream) => void stream.fail()],
    ["the stream ends early", (stream) => void stream.end()],
  ];

  test.each(ways)("keeps what came, and asks the server for more: %s", async (_name, end) => {
    const { server, chat, stream, kept, failure } = await answering();
    server.thread("thr_1", [QUESTION, OLD, user("msg_3", "More")]);
    end(stream);
    await untilIdle(chat);
    await until(() => expect(server.types()).toContain("items.list"));
    await untilShown(chat, [...kept, "assistant cut: So far"]);
    expect(failure.value).toMatchObject({ kind: "cut" });
    server.on("threads.retry_after_item", streamed(frame(done(assistant("msg_5", "Whole")))));
    failure.value?.retry?.();
    await untilShown(chat, [...kept, "assistant done: Whole"]);
    expect(server.types()).not.toContain("threads.stop");
  });

  test("shows what the server kept of it, in place of what came", async () => {
    const { server, chat, stream, kept } = await answering();
    const kept4 = assistant("msg_4", "So far and further");
    server.thread("thr_1", [QUESTION, OLD, user("msg_3", "More"), kept4]);
    stream.fail();
    await untilShown(chat, [...kept, "assistant done: So far and further"]);
  });

  test("is stopped first, where it may go on without us", async () => {
    const { server, chat, stream, failure, kept } = await answering({ live: true });
    server.thread("thr_1", [QUESTION, OLD, user("msg_3", "More")]);
    stream.fail();
    await untilIdle(chat);
    server.on("threads.retry_after_item", streamed(frame(done(assistant("msg_5", "Whole")))));
    failure.value?.retry?.();
    await untilShown(chat, [...kept, "assistant done: Whole"]);
    expect(server.types().slice(-2)).toEqual(["threads.stop", "threads.retry_after_item"]);
  });

  test("leaves no empty message behind", async () => {
    const { server, chat } = await opened([QUESTION]);
    server.on(
      "threads.add_user_message",
      streamed(frame(done(user("msg_3", "More"))) + frame(added(assistant("msg_4")))),
    );
    server.thread("thr_1", [QUESTION, user("msg_3", "More")]);
    await chat.send(say("More"));
    await untilIdle(chat);
    expect(brief(chat)).toEqual(["user done: Why?", "user done: More"]);
    expect(chat.conversation.value.failure.value).toMatchObject({ kind: "cut" });
  });
});

describe("to stop an answer", () => {
  test("asks a server that can, and takes the end as it is kept", async () => {
    const { server, chat, send, stream, kept, phase, canStop, failure } = await answering({
      live: true,
    });
    expect(canStop.value).toBe(true);
    const stopped = chat.stop();
    expect(phase.value).toBe("stopping");
    expect(canStop.value).toBe(false);
    await until(() => expect(server.asked("threads.stop")).toEqual([{ thread_id: "thr_1" }]));
    expect(stream.isCancelled).toBe(false);
    send(done(assistant("msg_4", "So far, no further")));
    stream.end();
    await stopped;
    expect(brief(chat)).toEqual([...kept, "assistant done: So far, no further"]);
    expect(failure.value).toBeNull();
    expect(phase.value).toBe("idle");
  });

  test("leaves a server that can't", async () => {
    const { server, chat, stream, kept, failure, names } = await answering();
    await chat.stop();
    expect(stream.isCancelled).toBe(true);
    expect(server.types()).not.toContain("threads.stop");
    expect(brief(chat)).toEqual([...kept, "assistant cut: So far"]);
    expect(failure.value).toBeNull();
    expect(names()).not.toContain("error");
    expect(names().at(-1)).toBe("response.end");
  });

  test("leaves a server that doesn't do as it was asked", async () => {
    const { server, chat, stream, kept } = await answering({ live: true });
    server.on("threads.stop", refusal(400, "request.unknown_type", "What?"));
    await chat.stop();
    expect(stream.isCancelled).toBe(true);
    expect(brief(chat)).toEqual([...kept, "assistant cut: So far"]);
  });

  test("does both before the server has said what it can, and gives the message back", async () => {
    const { server, chat } = await opened([QUESTION]);
    server.on("threads.add_user_message", never);
    chat.composer.setText("More");
    const sent = chat.composer.submit();
    await until(() => expect(server.types()).toContain("threads.add_user_message"));
    await chat.stop();
    expect(await sent).toBe(false);
    expect(server.types()).toContain("threads.stop");
    expect(brief(chat)).toEqual(["user done: Why?"]);
    expect(chat.composer.text.value).toBe("More");
    expect(chat.conversation.value.failure.value).toBeNull();
  });

  describe("of a server that hangs", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test.each([
      ["never begins to answer", never],
      ["can't be reached", new TypeError("Failed to fetch")],
    ])("gives the message back in the end, if it %s", async (_name, answer) => {
      const { server, chat } = await opened([QUESTION]);
      server.on("threads.add_user_message", answer);
      server.now("threads.get_by_id", never).now("items.list", never);
      chat.composer.setText("More");
      const sent = chat.composer.submit();
      if (answer !== never) await until(() => expect(server.types()).toContain("items.list"));
      const stopped = chat.stop();
      expect(chat.conversation.value.phase.value).toBe("stopping");
      await vi.advanceTimersByTimeAsync(10_000);
      await stopped;
      expect(await sent).toBe(false);
      expect(chat.conversation.value.phase.value).toBe("idle");
      expect(brief(chat)).toEqual(["user done: Why?"]);
      expect(chat.composer.text.value).toBe("More");
    });

    test("ends the search for a thread that may have begun before", async () => {
      const server = new Server().on("threads.create", new TypeError("Failed to fetch"));
      server.on("threads.list", refusal(500, "internal", ""), never);
      const { chat } = chatOf(server);
      chat.composer.setText("More");
      await chat.composer.submit();
      const sent = chat.composer.submit();
      await until(() => expect(server.asked("threads.list")).toHaveLength(2));
      const stopped = chat.stop();
      await vi.advanceTimersByTimeAsync(10_000);
      await stopped;
      expect(await sent).toBe(false);
      expect(chat.composer.text.value).toBe("More");
      expect(server.asked("threads.create")).toHaveLength(1);
    });
  });

  test("is not offered for an answer that may not be stopped", async () => {
    const { chat, send, canStop, stream } = await answering();
    send({ type: "stream_options", stream_options: { allow_cancel: false } });
    await until(() => expect(canStop.value).toBe(false));
    stream.end();
    await untilIdle(chat);
  });
});

describe("to answer again", () => {
  const ITEMS = [
    QUESTION,
    OLD,
    user("msg_3", "And?"),
    assistant("msg_4", "So."),
    assistant("msg_5", "There."),
  ];

  test.each([
    [undefined, "msg_3"],
    ["msg_5", "msg_3"],
    ["msg_3", "msg_3"],
    ["msg_2", "msg_1"],
  ])("names the message before %s, and drops what came after it", async (item, message) => {
    const { server, chat } = await opened(ITEMS);
    const stream = server.stream("threads.retry_after_item");
    const retried = chat.retry(item);
    const kept = message === "msg_1" ? 1 : 3;
    expect(brief(chat)).toHaveLength(kept);
    stream.send(done(assistant("msg_6", "Anew."))).end();
    await retried;
    expect(server.asked("threads.retry_after_item")).toEqual([
      { thread_id: "thr_1", item_id: message },
    ]);
    expect(brief(chat).slice(kept)).toEqual(["assistant done: Anew."]);
  });

  test("brings the old answer back if the server doesn't even begin", async () => {
    const { server, chat } = await opened(ITEMS);
    const before = brief(chat);
    server.on("threads.retry_after_item", refusal(503, "service.unavailable", "Not now."));
    await chat.retry();
    expect(brief(chat)).toEqual(before);
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ status: 503, message: "Not now." });
    server.on("threads.retry_after_item", streamed(frame(done(assistant("msg_6", "Anew.")))));
    failure.value?.retry?.();
    await untilShown(chat, [...before.slice(0, 3), "assistant done: Anew."]);
  });

  test("shows what the server still has if the new answer fails", async () => {
    const { server, chat } = await opened(ITEMS);
    const before = brief(chat);
    server.on("threads.retry_after_item", streamed(frame(failed("model.failed"))));
    await chat.retry();
    expect(brief(chat)).toEqual(before);
    expect(chat.conversation.value.failure.value).toMatchObject({ code: "model.failed" });
  });

  test("does nothing where no one has asked", async () => {
    const { server, chat } = await opened([assistant("msg_2", "Welcome.")]);
    await chat.retry();
    expect(server.types()).toEqual([]);
  });
});

describe("a client tool", () => {
  const ASKED = frame(done(user("msg_1", "Where?"))) + frame(done(toolCall("tc_1")));

  test("runs when the stream ends on its call; the answer goes on with its output", async () => {
    const onClientTool = vi.fn(async () => ({ city: "Oslo" }));
    const { server, chat, names } = await opened([], { onClientTool });
    server.on("threads.add_user_message", streamed(ASKED));
    const stream = server.stream("threads.add_client_tool_output");
    await chat.send(say("Where?"));
    stream.send(done(assistant("msg_2", "In Oslo."))).end();
    await untilIdle(chat);
    expect(onClientTool.mock.calls).toEqual([[{ name: "locate", params: { precise: true } }]]);
    expect(server.asked("threads.add_client_tool_output")).toEqual([
      { thread_id: "thr_1", result: { city: "Oslo" } },
    ]);
    expect(brief(chat)).toEqual([
      "user done: Where?",
      "client_tool_call done: completed",
      "assistant done: In Oslo.",
    ]);
    expect(names()).toEqual(["response.start", "response.end"]);
  });

  test("may ask for another one", async () => {
    const onClientTool = vi.fn(({ name }: { name: string }) => ({ ran: name }));
    const { server, chat } = await opened([], { onClientTool });
    server.on("threads.add_user_message", streamed(ASKED));
    server.on(
      "threads.add_client_tool_output",
      streamed(frame(done(toolCall("tc_2", "zoom")))),
      streamed(frame(done(assistant("msg_2", "Done.")))),
    );
    await chat.send(say("Where?"));
    await untilIdle(chat);
    const results = server.asked("threads.add_client_tool_output").map(({ result }) => result);
    expect(results).toEqual([{ ran: "locate" }, { ran: "zoom" }]);
  });

  test("never runs for a call that was there before", async () => {
    const onClientTool = vi.fn(() => ({}));
    const { server, chat } = await opened([user("msg_0", "?"), toolCall("tc_0")], { onClientTool });
    server.on("threads.add_user_message", streamed(frame(done(user("msg_1", "Hello")))));
    server.on(
      "threads.custom_action",
      streamed(frame({ type: "notice", level: "info", message: "" })),
    );
    await chat.act({ type: "wave" });
    await chat.send(say("Hello"));
    await untilIdle(chat);
    await chat.fetchUpdates();
    expect(onClientTool).not.toHaveBeenCalled();
  });

  test("that fails is told, and can be run again", async () => {
    const broken = new Error("no GPS");
    const onClientTool = vi.fn(() => ({ city: "Oslo" }));
    onClientTool.mockImplementationOnce(() => {
      throw broken;
    });
    const { server, chat, told } = await opened([], { onClientTool });
    server.on("threads.add_user_message", streamed(ASKED));
    await chat.send(say("Where?"));
    await untilIdle(chat);
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "tool", code: "tool.failed" });
    expect(told).toContainEqual({ name: "error", detail: { error: broken } });
    expect(server.types()).not.toContain("threads.add_client_tool_output");

    server.on("threads.add_client_tool_output", streamed(frame(done(assistant("msg_2", "Oslo.")))));
    failure.value?.retry?.();
    await untilShown(chat, [
      "user done: Where?",
      "client_tool_call done: completed",
      "assistant done: Oslo.",
    ]);
  });

  test("whose output can't be sent is not to be run again for it", async () => {
    const onClientTool = vi.fn(() => ({ city: "Oslo" }));
    const { server, chat } = await opened([], { onClientTool });
    server.on("threads.add_user_message", streamed(ASKED));
    server.on(
      "threads.add_client_tool_output",
      new TypeError("Failed to fetch"),
      streamed(frame(done(assistant("msg_2", "Oslo.")))),
    );
    await chat.send(say("Where?"));
    await untilIdle(chat);
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "network" });
    failure.value?.retry?.();
    await until(() => expect(server.asked("threads.add_client_tool_output")).toHaveLength(2));
    await untilIdle(chat);
    expect(onClientTool).toHaveBeenCalledOnce();
    expect(brief(chat).at(-1)).toBe("assistant done: Oslo.");
  });

  test("whose output is no JSON is to blame for it", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const { server, chat } = await opened([], { onClientTool: () => circle });
    server.on("threads.add_user_message", streamed(ASKED));
    await chat.send(say("Where?"));
    await untilIdle(chat);
    expect(chat.conversation.value.failure.value).toMatchObject({ code: "tool.failed" });
  });

  test("that the page doesn't have is told", async () => {
    const { server, chat, told } = await opened();
    server.on("threads.add_user_message", streamed(ASKED));
    await chat.send(say("Where?"));
    await untilIdle(chat);
    expect(chat.conversation.value.failure.value).toMatchObject({ code: "tool.missing" });
    expect(told.map(({ name }) => name)).toContain("error");
  });

  test("does not run for an answer that was stopped", async () => {
    const onClientTool = vi.fn(() => ({}));
    const { server, chat } = await opened([], { onClientTool });
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("Where?"));
    stream.write(frame(done(user("msg_1", "Where?")), 1));
    await untilShown(chat, ["user done: Where?"]);
    const stopped = chat.stop();
    stream.write(frame(done(toolCall("tc_1")), 2)).end();
    await stopped;
    expect(brief(chat).at(-1)).toBe("client_tool_call done: pending");
    expect(onClientTool).not.toHaveBeenCalled();
  });

  test("is not waited for once the user has stopped", async () => {
    const { server, chat } = await opened([], { onClientTool: () => new Promise(() => {}) });
    server.on("threads.add_user_message", streamed(ASKED));
    void chat.send(say("Where?"));
    const { phase, failure } = chat.conversation.value;
    await until(() => expect(phase.value).toBe("tool"));
    await chat.stop();
    expect(phase.value).toBe("idle");
    expect(failure.value).toBeNull();
    expect(server.types()).not.toContain("threads.add_client_tool_output");
  });
});
