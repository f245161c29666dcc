import { effect } from "@preact/signals-core";
import { describe, expect, test, vi } from "vitest";
import { frame, refusal, streamed } from "../wire/answers";
import {
  added,
  assistant,
  brief,
  chatOf,
  created,
  delta,
  done,
  failed,
  later,
  never,
  opened,
  Server,
  say,
  shown,
  thread,
  URL_,
  until,
  untilIdle,
  untilShown,
  updated,
  user,
} from "./server";

describe("a first message", () => {
  test("is shown at once, begins a thread, and is answered", async () => {
    const server = new Server();
    const stream = server.stream("threads.create");
    const { chat, told, names } = chatOf(server, { models: [{ id: "large" }] });
    const { conversation } = chat;
    const first = conversation.value;
    const sent = chat.send(say("Hello"));
    expect(brief(chat)).toEqual(["user sending: Hello"]);
    expect(first.phase.value).toBe("sending");
    const { key } = shown(chat)[0] ?? {};

    stream.send(created(), done(user("msg_1", "Hello")));
    expect(await sent).toBe(true);
    expect(brief(chat)).toEqual(["user done: Hello"]);
    expect(shown(chat)[0]).toMatchObject({ id: "msg_1", key });
    expect(first.phase.value).toBe("streaming");
    expect(told.at(-1)).toEqual({ name: "thread.change", detail: { threadId: "thr_1" } });

    stream.send(added(assistant("msg_2")), delta("msg_2", "Hi "), delta("msg_2", "there"));
    await untilShown(chat, ["user done: Hello", "assistant open: Hi there"]);
    stream.send(done(assistant("msg_2", "Hi there")), updated({ title: "Greetings" })).end();
    await untilIdle(chat);

    expect(brief(chat)).toEqual(["user done: Hello", "assistant done: Hi there"]);
    expect(conversation.value).toBe(first);
    expect(first.thread.value?.title).toBe("Greetings");
    expect(chat.history.threads.value).toMatchObject([{ id: "thr_1", title: "Greetings" }]);
    expect(first.failure.value).toBeNull();
    expect(names()).toEqual(["response.start", "thread.change", "response.end"]);
    const { inference_options } = server.asked("threads.create")[0]?.input ?? {};
    expect(inference_options).toEqual({ model: "large" });
  });

  test("is followed by others in the same thread, one at a time", async () => {
    const { server, chat } = await opened([user("msg_1", "A"), assistant("msg_2", "B")]);
    const stream = server.stream("threads.add_user_message");
    const sent = chat.send(say("C"));
    expect(await chat.send(say("D"))).toBe(false);
    stream.send(done(user("msg_3", "C"))).end();
    expect(await sent).toBe(true);
    await untilIdle(chat);
    expect(brief(chat)).toEqual(["user done: A", "assistant done: B", "user done: C"]);
    expect(server.asked("threads.add_user_message")).toMatchObject([{ thread_id: "thr_1" }]);
  });

  test("may begin a new thread from another", async () => {
    const { server, chat, names } = await opened([user("msg_1", "A")]);
    server.on(
      "threads.create",
      streamed(frame(created("thr_2")) + frame(done(user("msg_9", "B")))),
    );
    expect(await chat.send({ ...say("B"), newThread: true })).toBe(true);
    expect(chat.conversation.value.threadId.value).toBe("thr_2");
    expect(names().filter((name) => name === "thread.change")).toHaveLength(2);
  });
});

test("a growing message tells no one but those who watch it", async () => {
  const { server, chat } = await opened([user("msg_1", "A"), assistant("msg_2", "B")]);
  const stream = server.stream("threads.add_user_message");
  void chat.send(say("C"));
  stream.send(done(user("msg_3", "C")), added(assistant("msg_4")));
  await untilShown(chat, ["user done: A", "assistant done: B", "user done: C", "assistant open: "]);
  const { items, questions } = chat.conversation.value;
  const runs = { list: 0, others: 0, growing: 0, questions: 0 };
  const all = items.value;
  const stop = [
    effect(() => void (items.value, runs.list++)),
    effect(() => void (questions.value, runs.questions++)),
    ...all.slice(0, 3).map((item) => effect(() => void (item.value, runs.others++))),
    effect(() => void (all[3]?.value, runs.growing++)),
  ];
  stream.send(...Array.from({ length: 100 }, (_, index) => delta("msg_4", `${index} `)));
  await until(() => expect(runs.growing).toBe(101));
  expect(runs).toMatchObject({ list: 1, others: 3, questions: 1 });
  stop.forEach((end) => end());
  stream.end();
  await untilIdle(chat);
});

describe("a message that can't be sent", () => {
  test("is back in the composer, and can be sent again from there", async () => {
    const server = new Server().on("threads.create", new TypeError("Failed to fetch"));
    const { chat, told } = chatOf(server);
    chat.composer.setText("Hello");
    chat.composer.setQuote("You said");
    const sent = chat.composer.submit();
    expect(chat.composer.text.value).toBe("");
    expect(await sent).toBe(false);
    expect(brief(chat)).toEqual([]);
    expect(chat.composer.text.value).toBe("Hello");
    expect(chat.composer.quote.value).toBe("You said");
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "network" });
    expect(told.map(({ name }) => name)).toEqual(["error"]);

    const stream = server.stream("threads.create");
    failure.value?.retry?.();
    expect(failure.value).toBeNull();
    expect(brief(chat)).toEqual(["user sending: Hello"]);
    stream.send(created(), done(user("msg_1", "Hello"))).end();
    await untilShown(chat, ["user done: Hello"]);
    await untilIdle(chat);
    expect(chat.composer.text.value).toBe("");
    const [first, second] = server.asked("threads.create");
    expect(second).toEqual(first);
  });

  test("does not take the place of what was written since", async () => {
    const { answer, give } = later();
    const { chat } = chatOf(new Server().on("threads.create", answer));
    chat.composer.setText("First");
    const sent = chat.composer.submit();
    chat.composer.setText("Second");
    give(refusal(500, "internal", "Something went wrong."));
    expect(await sent).toBe(false);
    expect(chat.composer.text.value).toBe("First\n\nSecond");
  });

  test.each([
    [401, "auth.required", "Sign in to continue."],
    [413, "request.too_large", "The request body is too large."],
    [429, "limit.reached", "Wait a little."],
  ])("says why: %s", async (status, code, message) => {
    const server = new Server().on(
      "threads.create",
      refusal(status, code, message, status === 429 ? { "Retry-After": "3" } : {}),
    );
    const { chat } = chatOf(server);
    expect(await chat.send(say("Hello"))).toBe(false);
    expect(chat.conversation.value.failure.value).toMatchObject({
      kind: "http",
      status,
      code,
      message,
      retryAfter: status === 429 ? 3 : null,
    });
    // Whoever signs in next may be another.
    expect(chat.composer.text.value).toBe(status === 401 ? "" : "Hello");
    expect(chat.conversation.value.failure.value?.retry === null).toBe(status === 401);
  });

  const html = new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } });
  const unread = { ok: true, headers: new Headers({ "Content-Type": "text/event-stream" }) };
  test.each([
    ["what answers is a page", html, "content_type"],
    ["the thread is gone", refusal(404, "not_found", ""), "http"],
    ["the page's fetch gives nothing", undefined, "content_type"],
    ["the page's fetch gives no stream", { ...unread, body: null }, "content_type"],
    ["the page's fetch gives another kind of stream", { ...unread, body: {} }, "content_type"],
  ])("says so if %s", async (_name, response, kind) => {
    const { server, chat, told } = await opened();
    server.on("threads.add_user_message", () => response as Response);
    expect(await chat.send(say("Hello"))).toBe(false);
    expect(chat.conversation.value.failure.value).toMatchObject({ kind });
    expect(chat.composer.text.value).toBe("Hello");
    expect(told.filter(({ name }) => name === "error")).toHaveLength(1);
  });

  test("can be stopped though the page's fetch never answers, nor listens", async () => {
    const { server, chat } = await opened();
    const fetch = vi.fn<typeof globalThis.fetch>(() => new Promise(() => {}));
    chat.configure({ api: { url: URL_, fetch } });
    const sent = chat.send(say("Hello"));
    await until(() => expect(fetch).toHaveBeenCalled());
    chat.configure({ api: { url: URL_, fetch: server.fetch } });
    await chat.stop();
    expect(await sent).toBe(false);
    expect(chat.composer.text.value).toBe("Hello");
  });

  test("is refused by the stream itself: the thread is busy", async () => {
    const { server, chat } = await opened([user("msg_1", "A")]);
    server.on("threads.add_user_message", streamed(frame(failed("thread.busy"))));
    expect(await chat.send(say("B"))).toBe(false);
    expect(brief(chat)).toEqual(["user done: A"]);
    expect(chat.composer.text.value).toBe("B");
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "turn", code: "thread.busy" });
    server.on("threads.add_user_message", streamed(frame(done(user("msg_2", "B")))));
    failure.value?.retry?.();
    await untilShown(chat, ["user done: A", "user done: B"]);
  });

  test("waits in its own thread's draft if another is shown by then", async () => {
    const { answer, give } = later();
    const { server, chat } = await opened([user("msg_1", "A")]);
    server.on("threads.add_user_message", answer);
    const sent = chat.send(say("B"));
    await chat.openThread(null);
    give(refusal(500, "internal", "No."));
    expect(await sent).toBe(false);
    expect(chat.composer.text.value).toBe("");
    await chat.openThread("thr_1");
    expect(chat.composer.text.value).toBe("B");
  });

  test("is not back in the composer if the server has it after all", async () => {
    const { server, chat } = await opened([user("msg_1", "A")]);
    server.on("threads.add_user_message", new TypeError("Failed to fetch"));
    server.thread("thr_1", [user("msg_1", "A"), user("msg_2", "B")]);
    expect(await chat.send(say("B"))).toBe(true);
    expect(brief(chat)).toEqual(["user done: A", "user done: B"]);
    expect(chat.composer.text.value).toBe("");
    const { failure } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "network" });
    server.on("threads.retry_after_item", streamed(frame(done(assistant("msg_3", "C")))));
    failure.value?.retry?.();
    await untilShown(chat, ["user done: A", "user done: B", "assistant done: C"]);
    expect(server.asked("threads.add_user_message")).toHaveLength(1);
  });

  test("is not taken for an older one that says the same", async () => {
    const { server, chat } = await opened([user("msg_1", "A")]);
    server.on("threads.add_user_message", new TypeError("Failed to fetch"));
    expect(await chat.send(say("A"))).toBe(false);
    expect(brief(chat)).toEqual(["user done: A"]);
    expect(chat.composer.text.value).toBe("A");
  });

  test("may begin a new thread from one that takes none", async () => {
    const { server, chat } = await opened([], {}, { status: { type: "closed" } });
    server.on("threads.create", streamed(frame(created("thr_2")) + frame(done(user("m", "B")))));
    expect(await chat.send({ ...say("B"), newThread: true })).toBe(true);
    expect(server.types()).toEqual(["threads.create"]);
  });

  test("is not sent to a thread that takes none", async () => {
    const locked = { status: { type: "locked", reason: "Settled." } } as const;
    const { server, chat } = await opened([user("msg_1", "A")], {}, locked);
    expect(chat.restriction.value).toEqual({ type: "locked", reason: "Settled." });
    chat.composer.setText("B");
    expect(chat.composer.canSend.value).toBe(false);
    expect(await chat.send(say("B"))).toBe(false);
    expect(server.types()).toEqual([]);
  });
});

describe("a first message whose answer never came", () => {
  const lost = new TypeError("Failed to fetch");
  const broken = () => refusal(500, "internal", "");

  /** A server that holds one thread, and tells its items as it is asked to. */
  function holding(server: Server, id: string, text: string, createdAt = new Date()): Server {
    const begun = thread(id, { created_at: createdAt.toISOString() });
    const items = [user("msg_1", text), assistant("msg_2", "Hi")];
    return server
      .now("threads.list", () => Response.json({ data: [begun], has_more: false }))
      .now("threads.get_by_id", () => Response.json(begun))
      .now("items.list", ({ params }) => {
        const { order = "desc", limit = 20 } = params as { order?: string; limit?: number };
        const ordered = order === "asc" ? items : items.toReversed();
        return Response.json({ data: ordered.slice(0, limit), has_more: limit < items.length });
      });
  }

  test.each([
    ["nobody answered", lost],
    ["the server failed", refusal(502, "bad_gateway", "")],
    ["the stream ended", streamed("")],
  ])("has its thread shown if it began one: %s", async (_name, answer) => {
    const server = holding(new Server().on("threads.create", answer), "thr_9", "Hello");
    const { chat, told } = chatOf(server);
    chat.composer.setText("Hello");
    expect(await chat.composer.submit()).toBe(true);
    expect(brief(chat)).toEqual(["user done: Hello", "assistant done: Hi"]);
    expect(chat.conversation.value.threadId.value).toBe("thr_9");
    expect(told).toContainEqual({ name: "thread.change", detail: { threadId: "thr_9" } });
    expect(chat.history.threads.value.map(({ id }) => id)).toEqual(["thr_9"]);
    expect(chat.composer.text.value).toBe("");

    const { failure } = chat.conversation.value;
    server.on("threads.retry_after_item", streamed(frame(done(assistant("msg_3", "Anew")))));
    failure.value?.retry?.();
    await untilShown(chat, ["user done: Hello", "assistant done: Anew"]);
    expect(server.asked("threads.create")).toHaveLength(1);
    expect(server.asked("threads.stop")).toEqual([{ thread_id: "thr_9" }]); // it may go on there
  });

  test("is looked for again before it is sent again", async () => {
    const server = new Server().on("threads.create", lost).on("threads.list", broken());
    const { chat } = chatOf(server);
    chat.composer.setText("Hello");
    expect(await chat.composer.submit()).toBe(false);
    expect(chat.composer.text.value).toBe("Hello");
    holding(server, "thr_9", "Hello");
    chat.conversation.value.failure.value?.retry?.();
    await untilShown(chat, ["user done: Hello", "assistant done: Hi"]);
    expect(chat.composer.text.value).toBe("");
    expect(chat.conversation.value.failure.value).toMatchObject({ kind: "cut" });
    expect(server.asked("threads.create")).toHaveLength(1);
  });

  test("stays in the composer as long as no one can be asked for it", async () => {
    const server = new Server().on("threads.create", lost).on("threads.list", broken);
    const { chat } = chatOf(server);
    chat.composer.setText("Hello");
    await chat.composer.submit();
    const { failure } = chat.conversation.value;
    failure.value?.retry?.();
    await until(() => expect(chat.composer.text.value).toBe("Hello"));
    expect(failure.value).toMatchObject({ kind: "http", status: 500 });
    expect(server.asked("threads.create")).toHaveLength(1);
    holding(server, "thr_9", "Hello");
    failure.value?.retry?.();
    await untilShown(chat, ["user done: Hello", "assistant done: Hi"]);
  });

  test("is followed by what was written instead, in its thread", async () => {
    const server = new Server().on("threads.create", lost).on("threads.list", broken());
    const { chat } = chatOf(server);
    await chat.send(say("Hello"));
    holding(server, "thr_9", "Hello");
    server.on("threads.add_user_message", streamed(frame(done(user("msg_3", "Hello there")))));
    chat.composer.setText("Hello there");
    expect(await chat.composer.submit()).toBe(true);
    expect(brief(chat).slice(0, 2)).toEqual(["user done: Hello", "assistant done: Hi"]);
    expect(brief(chat).slice(2)).toEqual(["user done: Hello there"]);
    expect(server.asked("threads.add_user_message")).toMatchObject([{ thread_id: "thr_9" }]);
  });

  test.each([
    ["says something else", "thr_9", "Goodbye", new Date()],
    ["is older", "thr_9", "Hello", new Date(Date.now() - 60_000)],
    ["was open here", "thr_1", "Hello", new Date()],
  ])("is not taken for one that %s", async (_name, id, text, createdAt) => {
    const { server, chat } = await opened([user("msg_1", text)]);
    await chat.openThread(null);
    holding(server, id, text, createdAt).on("threads.create", lost);
    expect(await chat.send(say("Hello"))).toBe(false);
    expect(chat.conversation.value.threadId.value).toBeNull();
    expect(chat.composer.text.value).toBe("Hello");
  });

  test("goes on in its own thread if the user has gone to another", async () => {
    const { answer, give } = later();
    const { server, chat } = await opened([user("msg_1", "A")]);
    await chat.openThread(null);
    server.on("threads.create", answer);
    const sent = chat.send(say("Hello"));
    await chat.openThread("thr_1");
    holding(server, "thr_9", "Hello");
    give(streamed(""));
    expect(await sent).toBe(true);
    expect(chat.conversation.value.threadId.value).toBe("thr_1");
    expect(chat.history.threads.value.map(({ id }) => id)).toEqual(["thr_9"]);
    await chat.openThread(null);
    expect(chat.composer.text.value).toBe("");
  });

  test("has its answer ended if the user stopped it", async () => {
    const server = new Server().on("threads.create", never);
    const { chat } = chatOf(server);
    chat.composer.setText("Hello");
    const sent = chat.composer.submit();
    holding(server, "thr_9", "Hello");
    await chat.stop();
    expect(await sent).toBe(true);
    expect(brief(chat)).toEqual(["user done: Hello", "assistant done: Hi"]);
    expect(server.asked("threads.stop")).toEqual([{ thread_id: "thr_9" }]);
    expect(chat.conversation.value.failure.value).toBeNull();
  });

  test("leaves nothing to be sent twice while it is looked for", async () => {
    const { answer, give } = later();
    const server = new Server().on("threads.create", lost).on("threads.list", answer);
    const { chat } = chatOf(server);
    const sent = chat.send(say("Hello"));
    chat.composer.setText("And");
    await until(() => expect(server.types()).toContain("threads.list"));
    expect(chat.composer.canSend.value).toBe(false);
    expect(await chat.send(say("And"))).toBe(false);
    give(Response.json({ data: [], has_more: false }));
    expect(await sent).toBe(false);
    expect(chat.composer.text.value).toBe("Hello\n\nAnd");
    expect(chat.composer.canSend.value).toBe(true);
  });
});

test("a message whose thread came, but nothing more, is back in that thread", async () => {
  const server = new Server().thread("thr_1");
  const stream = server.stream("threads.create");
  const { chat } = chatOf(server);
  chat.composer.setText("Hello");
  const sent = chat.composer.submit();
  stream.send(created());
  await until(() => expect(chat.conversation.value.threadId.value).toBe("thr_1"));
  stream.fail();
  expect(await sent).toBe(false);
  expect(chat.composer.text.value).toBe("Hello");
});

test("a stream that ends before the message is confirmed was cut", async () => {
  const server = new Server().on("threads.create", streamed(frame(created())));
  server.thread("thr_1", [user("msg_1", "Hello")]);
  const { chat } = chatOf(server);
  expect(await chat.send(say("Hello"))).toBe(true);
  expect(brief(chat)).toEqual(["user done: Hello"]);
  expect(chat.conversation.value.failure.value).toMatchObject({ kind: "cut" });
});

test("a stream that holds nothing has taken nothing", async () => {
  const { server, chat } = await opened([user("msg_1", "A")]);
  server.on("threads.add_user_message", streamed(""));
  expect(await chat.send(say("B"))).toBe(false);
  expect(brief(chat)).toEqual(["user done: A"]);
  expect(chat.composer.text.value).toBe("B");
  expect(chat.conversation.value.failure.value).toMatchObject({ kind: "cut" });
});

test("a server that answers without repeating the message has taken it", async () => {
  const { server, chat } = await opened();
  server.on("threads.add_user_message", streamed(frame(done(assistant("msg_2", "Hi")))));
  server.thread("thr_1", [user("msg_1", "Hello"), assistant("msg_2", "Hi")]);
  expect(await chat.send(say("Hello"))).toBe(true);
  await untilShown(chat, ["user done: Hello", "assistant done: Hi"]);
  expect(chat.composer.text.value).toBe("");
});

describe("what a stream may hold", () => {
  test("broken and unknown events are logged, and the rest goes on", async () => {
    const { server, chat, told } = await opened();
    const mystery = { ...assistant("x_1"), type: "hologram" };
    const secret = { id: "h_1", thread_id: "thr_1", created_at: "", content: "psst" };
    server.on(
      "threads.add_user_message",
      streamed(
        [
          frame(done(user("msg_1", "Hello"))),
          'data: {"type": "thread.item.do\n\n',
          frame({ type: "thread.item.done" }),
          frame({ type: "thread.upgraded" }),
          frame({ type: "thread.item.done", item: mystery }),
          frame({ type: "thread.item.done", item: { ...secret, type: "hidden_context_item" } }),
          frame({ type: "thread.item.added", item: { ...secret, type: "sdk_hidden_context" } }),
          frame(delta("msg_9", "to no one")),
          frame({ ...delta("msg_1", "x"), update: { type: "assistant_message.sung" } }),
          frame(done(assistant("msg_2", "Hi"))),
        ].join(""),
      ),
    );
    await chat.send(say("Hello"));
    await untilIdle(chat);
    expect(brief(chat)).toEqual(["user done: Hello", "assistant done: Hi"]);
    const logs = told.filter(({ name }) => name === "log").map(({ detail }) => detail);
    expect(logs.map((detail) => (detail as { name: string }).name)).toEqual([
      "event.broken",
      "event.broken",
      "event.unknown",
      "item.unknown",
      "update.unmatched",
      "update.unmatched",
    ]);
    expect(chat.conversation.value.failure.value).toBeNull();
  });

  test("effects go to the page; notices stay until dismissed or the next message", async () => {
    const { server, chat, told } = await opened();
    server.on(
      "threads.add_user_message",
      streamed(
        frame(done(user("msg_1", "Hello"))) +
          frame({ type: "client_effect", name: "open_map", data: { zoom: 3 } }) +
          frame({ type: "notice", level: "info", message: "One." }) +
          frame({ type: "notice", level: "warning", message: "Two.", title: "Mind" }),
      ),
      streamed(frame(done(user("msg_2", "Again")))),
    );
    await chat.send(say("Hello"));
    await untilIdle(chat);
    expect(told).toContainEqual({
      name: "effect",
      detail: { name: "open_map", data: { zoom: 3 } },
    });
    const { notices } = chat.conversation.value;
    expect(notices.value.map(({ message }) => message)).toEqual(["One.", "Two."]);
    chat.conversation.value.dismissNotice(1);
    expect(notices.value).toMatchObject([{ level: "warning", title: "Mind" }]);
    await chat.send(say("Again"));
    expect(notices.value).toEqual([]);
    await untilIdle(chat);
  });

  test("a lock that comes with an answer closes the composer", async () => {
    const { server, chat } = await opened();
    const status = { type: "closed" } as const;
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("Hello"));
    stream.send(done(user("msg_1", "Hello")), updated({ status })).end();
    await untilIdle(chat);
    expect(chat.restriction.value).toEqual({ type: "closed", reason: null });
  });
});

test("after the element has gone nothing is fetched, and nothing more is read", async () => {
  const { server, chat, names } = await opened();
  const stream = server.stream("threads.add_user_message");
  void chat.send(say("Hello"));
  stream.send(done(user("msg_1", "Hello")));
  await untilShown(chat, ["user done: Hello"]);
  chat.dispose();
  await until(() => expect(stream.isCancelled).toBe(true));
  await untilIdle(chat);
  expect(server.types()).toEqual(["threads.add_user_message"]);
  expect(names()).not.toContain("error");
});
