import { describe, expect, test, vi } from "vitest";
import { frame, refusal, streamed } from "../wire/answers";
import {
  added,
  assistant,
  brief,
  done,
  later,
  opened,
  questions,
  replaced,
  say,
  shown,
  untilIdle,
  user,
  widget,
} from "./server";

describe("questions", () => {
  const ANSWERS = { why: { values: ["because"], skipped: false } };

  test("take the composer's place until they are answered", async () => {
    const { server, chat } = await opened([user("msg_1", "Book"), questions("sin_1")]);
    const { questions: asked, responding } = chat.conversation.value;
    expect(asked.value?.id).toBe("sin_1");
    chat.composer.setText("Never mind");
    expect(chat.composer.canSend.value).toBe(false);

    const stream = server.stream("threads.add_structured_input");
    const answering = chat.answer("sin_1", ANSWERS);
    expect(asked.value?.id).toBe("sin_1");
    expect(responding.value).toBe(true);
    stream.send(replaced(questions("sin_1", "answered")), done(assistant("msg_2", "Thanks.")));
    stream.end();
    await answering;
    expect(asked.value).toBeNull();
    expect(chat.composer.canSend.value).toBe(true);
    expect(brief(chat).slice(1)).toEqual([
      "structured_input done: answered",
      "assistant done: Thanks.",
    ]);
    expect(server.asked("threads.add_structured_input")).toEqual([
      { thread_id: "thr_1", item_id: "sin_1", input: { status: "answered", answers: ANSWERS } },
    ]);
  });

  test("can be skipped", async () => {
    const { server, chat } = await opened([questions("sin_1")]);
    server.on(
      "threads.add_structured_input",
      streamed(frame(replaced(questions("sin_1", "answered")))),
    );
    await chat.skip("sin_1");
    expect(server.asked("threads.add_structured_input")).toMatchObject([
      { input: { status: "skipped", answers: {} } },
    ]);
  });

  test("stay if the answers don't arrive, which can be sent again", async () => {
    const { server, chat } = await opened([questions("sin_1")]);
    server.on(
      "threads.add_structured_input",
      new TypeError("Failed to fetch"),
      streamed(frame(replaced(questions("sin_1", "answered")))),
    );
    await chat.answer("sin_1", ANSWERS);
    const { questions: asked, failure } = chat.conversation.value;
    expect(asked.value?.id).toBe("sin_1");
    failure.value?.retry?.();
    await untilIdle(chat);
    const [first, second] = server.asked("threads.add_structured_input");
    expect(second).toEqual(first);
    expect(asked.value).toBeNull();
  });

  test("that come with an answer are asked once it is complete", async () => {
    const { server, chat } = await opened();
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("Book"));
    const { questions: asked } = chat.conversation.value;
    const seen: (string | undefined)[] = [];
    asked.subscribe((item) => seen.push(item?.stage));
    stream.send(done(user("msg_1", "Book")), added(questions("sin_1")), done(questions("sin_1")));
    stream.end();
    await untilIdle(chat);
    expect(seen).toEqual([undefined, "done"]);
  });

  test("that someone has talked past are asked no more", async () => {
    const { chat } = await opened([questions("sin_1"), user("msg_1", "Something else")]);
    expect(chat.conversation.value.questions.value).toBeNull();
  });
});

describe("an action of a widget", () => {
  const BOOK = { type: "book", payload: { room: 7 } };

  test("is streamed by the server, and may change the widget", async () => {
    const { server, chat } = await opened([widget("wgt_1", "Free")]);
    const component = { type: "Text", id: "text", value: "Booked" };
    const update = { type: "widget.component.updated", component_id: "text", component };
    server.on(
      "threads.custom_action",
      streamed(
        frame({ type: "thread.item.updated", item_id: "wgt_1", update }) +
          frame(done(assistant("msg_1", "Yours."))),
      ),
    );
    const config = {
      ...BOOK,
      handler: "server",
      loadingBehavior: "auto",
      streaming: true,
    } as const;
    expect(await chat.act(config, "wgt_1")).toBe(true);
    expect(brief(chat)).toEqual([
      'widget done: [{"type":"Text","id":"text","value":"Booked"}]',
      "assistant done: Yours.",
    ]);
    expect(server.asked("threads.custom_action")).toEqual([
      { thread_id: "thr_1", item_id: "wgt_1", action: BOOK },
    ]);
  });

  test("is answered at once, also while an answer streams", async () => {
    const { server, chat } = await opened([widget("wgt_1", "Free")]);
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("Hello"));
    stream.send(done(user("msg_1", "Hello")));
    const liked = Response.json({ updated_item: widget("wgt_1", "Liked") });
    server.on("threads.sync_custom_action", liked, Response.json({}));
    expect(await chat.act({ type: "like", streaming: false }, "wgt_1")).toBe(true);
    expect(await chat.act({ type: "like", streaming: false }, "wgt_1")).toBe(true);
    expect(brief(chat)[0]).toBe('widget done: [{"type":"Text","id":"text","value":"Liked"}]');
    expect(await chat.act(BOOK, "wgt_1")).toBe(false);
    expect(server.types()).not.toContain("threads.custom_action");
    stream.end();
    await untilIdle(chat);
  });

  test("is the page's if it says so", async () => {
    const onWidgetAction = vi.fn(async () => {});
    const { server, chat } = await opened([widget("wgt_1", "Free")], { onWidgetAction });
    expect(await chat.act({ ...BOOK, handler: "client" }, "wgt_1")).toBe(true);
    const [item] = shown(chat);
    const root = item?.type === "widget" ? item.widget : null;
    expect(onWidgetAction.mock.calls).toEqual([[BOOK, { id: "wgt_1", widget: root }]]);
    expect(server.types()).toEqual([]);
  });

  test("that the page can't do is told", async () => {
    const broken = new Error("not today");
    const onWidgetAction = vi.fn(async () => Promise.reject(broken));
    const { chat, told } = await opened([widget("wgt_1", "Free")], { onWidgetAction });
    expect(await chat.act({ ...BOOK, handler: "client" }, "wgt_1")).toBe(false);
    expect(told).toEqual([{ name: "error", detail: { error: broken } }]);
    chat.configure({ api: { url: "https://chat.test/api" } });
    expect(await chat.act({ ...BOOK, handler: "client" }, "wgt_1")).toBe(false);
    expect(told.at(-1)).toMatchObject({ name: "log", detail: { name: "action.no_handler" } });
  });

  test("that fails can be done again", async () => {
    const { server, chat } = await opened([widget("wgt_1", "Free")]);
    server.on(
      "threads.custom_action",
      refusal(500, "internal", ""),
      streamed(frame(done(widget("wgt_1", "Booked")))),
    );
    expect(await chat.act(BOOK, "wgt_1")).toBe(false);
    const { failure } = chat.conversation.value;
    failure.value?.retry?.();
    await vi.waitFor(() => expect(brief(chat)[0]).toContain("Booked"));
    server.on("threads.sync_custom_action", refusal(500, "internal", ""), Response.json({}));
    expect(await chat.act({ ...BOOK, streaming: false }, "wgt_1")).toBe(false);
    failure.value?.retry?.();
    await vi.waitFor(() => expect(server.asked("threads.sync_custom_action")).toHaveLength(2));
  });

  test("needs a thread", async () => {
    const { chat, told } = await opened();
    await chat.openThread(null);
    expect(await chat.act(BOOK)).toBe(false);
    expect(told.at(-1)).toMatchObject({ name: "log", detail: { name: "action.no_thread" } });
  });
});

describe("a rating", () => {
  test("is shown at once, and sent", async () => {
    const { server, chat } = await opened([assistant("msg_1", "A"), assistant("msg_2", "B")]);
    const rating = chat.rate(["msg_1", "msg_2"], "positive");
    const { ratings } = chat.conversation.value;
    expect([...ratings.value]).toEqual([
      ["msg_1", "positive"],
      ["msg_2", "positive"],
    ]);
    expect(await rating).toBe(true);
    await chat.rate(["msg_2"], "negative");
    expect(ratings.value.get("msg_2")).toBe("negative");
    expect(server.asked("items.feedback")[0]).toEqual({
      thread_id: "thr_1",
      item_ids: ["msg_1", "msg_2"],
      kind: "positive",
    });
  });

  test("is taken back if the server doesn't take it", async () => {
    const { server, chat, names } = await opened([assistant("msg_1", "A")]);
    const { answer, give } = later();
    server.on("items.feedback", answer);
    const rating = chat.rate(["msg_1"], "positive");
    expect(chat.conversation.value.ratings.value.get("msg_1")).toBe("positive");
    give(refusal(500, "internal", ""));
    expect(await rating).toBe(false);
    expect(chat.conversation.value.ratings.value.size).toBe(0);
    expect(names()).toEqual(["error"]);
  });
});
