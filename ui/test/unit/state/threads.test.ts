import { describe, expect, test } from "vitest";
import type { ItemPage, ThreadItem } from "../../../src/wire/types";
import { frame, refusal, streamed } from "../wire/answers";
import {
  added,
  assistant,
  brief,
  chatOf,
  created,
  delta,
  done,
  later,
  never,
  opened,
  Server,
  say,
  shown,
  thread,
  until,
  untilIdle,
  untilShown,
  user,
} from "./server";

const page = (items: readonly ThreadItem[], more: Partial<ItemPage> = {}) =>
  Response.json({ data: items, has_more: false, ...more });

describe("to open a thread", () => {
  test("shows its newest items in order, and what it is", async () => {
    const server = new Server().thread("thr_1", [user("msg_1", "A"), assistant("msg_2", "B")], {
      title: "Letters",
    });
    const { chat, told } = chatOf(server);
    const opening = chat.openThread("thr_1");
    expect(chat.conversation.value.loading.value).toBe(true);
    expect(chat.composer.canSend.value).toBe(false);
    await opening;
    expect(chat.conversation.value.loading.value).toBe(false);
    expect(brief(chat)).toEqual(["user done: A", "assistant done: B"]);
    expect(chat.conversation.value.thread.value?.title).toBe("Letters");
    expect(told).toEqual([
      { name: "thread.change", detail: { threadId: "thr_1" } },
      { name: "thread.load.start", detail: { threadId: "thr_1" } },
      { name: "thread.load.end", detail: { threadId: "thr_1" } },
    ]);
    expect(server.asked("items.list")).toMatchObject([{ thread_id: "thr_1", order: "desc" }]);
  });

  test("twice is to open it once", async () => {
    const { server, chat, told } = await opened();
    await chat.openThread("thr_1");
    expect(server.types()).toEqual([]);
    expect(told).toEqual([]);
  });

  test("that isn't there says so, and can be tried again", async () => {
    const server = new Server().on(
      "threads.get_by_id",
      refusal(404, "not_found", "This does not exist."),
    );
    const { chat, names } = chatOf(server);
    await chat.openThread("thr_1");
    const { failure, loading } = chat.conversation.value;
    expect(failure.value).toMatchObject({ kind: "http", status: 404, code: "not_found" });
    expect(loading.value).toBe(false);
    expect(names()).toEqual(["thread.change", "thread.load.start", "error", "thread.load.end"]);
    server.thread("thr_1", [user("msg_1", "A")]);
    failure.value?.retry?.();
    await untilShown(chat, ["user done: A"]);
    expect(failure.value).toBeNull();
  });

  test("shows the last one asked for, however slow the others are", async () => {
    const { answer, give } = later();
    const server = new Server().thread("thr_2", [user("msg_2", "B")]);
    server.on("threads.get_by_id", () => Response.json(thread("thr_2")));
    const slow = new Server().on("threads.get_by_id", answer);
    const { chat } = chatOf(slow);
    const first = chat.openThread("thr_1");
    chat.configure({ api: { url: "https://chat.test/api", fetch: server.fetch } });
    await chat.openThread("thr_2");
    give(Response.json(thread("thr_1")));
    await first;
    expect(chat.conversation.value.threadId.value).toBe("thr_2");
    expect(brief(chat)).toEqual(["user done: B"]);
  });
});

describe("a thread in which a message is sent while it is fetched", () => {
  const asked = async (page: readonly ThreadItem[]) => {
    const { answer, give } = later();
    const server = new Server().on("threads.get_by_id", Response.json(thread()));
    server.on("items.list", answer);
    const { chat } = chatOf(server);
    const loading = chat.openThread("thr_1");
    const stream = server.stream("threads.add_user_message");
    const sent = chat.send(say("B"));
    const arrives = async () => {
      give(Response.json({ data: page.toReversed(), has_more: false }));
      await loading;
    };
    return { chat, stream, sent, arrives };
  };

  test("shows what was there before it, and loses nothing of what has come since", async () => {
    const { chat, stream, sent, arrives } = await asked([user("msg_1", "A")]);
    stream.send(done(user("msg_2", "B")), added(assistant("msg_3")), delta("msg_3", "C"));
    await sent;
    await untilShown(chat, ["user done: B", "assistant open: C"]);
    await arrives();
    expect(brief(chat)).toEqual(["user done: A", "user done: B", "assistant open: C"]);
    stream.send(done(assistant("msg_3", "CD"))).end();
    await untilIdle(chat);
    expect(brief(chat)).toEqual(["user done: A", "user done: B", "assistant done: CD"]);
  });

  test("shows it once, though what was fetched has it already", async () => {
    const { chat, stream, sent, arrives } = await asked([user("msg_1", "A"), user("msg_2", "B")]);
    await arrives();
    stream.send(done(user("msg_2", "B")));
    expect(await sent).toBe(true);
    await untilShown(chat, ["user done: A", "user done: B"]);
    stream.send(done(assistant("msg_3", "C"))).end();
    await untilIdle(chat);
  });

  test("leaves what is still growing to its stream", async () => {
    const saved = [user("msg_1", "A"), user("msg_2", "B"), assistant("msg_3", "C")];
    const { chat, stream, arrives } = await asked(saved);
    stream.send(done(user("msg_2", "B")), added(assistant("msg_3")), delta("msg_3", "C"));
    await untilShown(chat, ["user done: B", "assistant open: C"]);
    await arrives();
    stream.send(delta("msg_3", "D"));
    await untilShown(chat, ["user done: A", "user done: B", "assistant open: CD"]);
    stream.send(done(assistant("msg_3", "CD"))).end();
    await untilIdle(chat);
  });
});

describe("older items", () => {
  test("come before the others, a page at a time", async () => {
    const server = new Server()
      .on("threads.get_by_id", Response.json(thread()))
      .on(
        "items.list",
        page([assistant("msg_5", "E"), user("msg_4", "D")], { has_more: true, after: "msg_4" }),
        page([user("msg_4", "D"), assistant("msg_3", "C"), user("msg_2", "B")], { has_more: true }),
        page([user("msg_1", "A")]),
      );
    const { chat } = chatOf(server);
    await chat.openThread("thr_1");
    const { older } = chat.conversation.value;
    expect(older.value).toBe("more");
    const [newest] = chat.conversation.value.items.value;
    const loading = chat.conversation.value.loadOlder();
    expect(older.value).toBe("loading");
    await chat.conversation.value.loadOlder();
    await loading;
    expect(older.value).toBe("more");
    expect(chat.conversation.value.items.value[2]).toBe(newest);
    await chat.conversation.value.loadOlder();
    expect(older.value).toBe("none");
    expect(shown(chat).map(({ id }) => id)).toEqual(["msg_1", "msg_2", "msg_3", "msg_4", "msg_5"]);
    expect(server.asked("items.list").map(({ after }) => after)).toEqual([
      undefined,
      "msg_4",
      "msg_2",
    ]);
    await chat.conversation.value.loadOlder();
    expect(server.asked("items.list")).toHaveLength(3);
  });

  test("can be asked for again if they didn't come", async () => {
    const server = new Server()
      .on("threads.get_by_id", Response.json(thread()))
      .on("items.list", page([user("msg_2", "B")], { has_more: true }), refusal(401, "auth", ""));
    const { chat } = chatOf(server);
    await chat.openThread("thr_1");
    const { older, failure } = chat.conversation.value;
    await chat.conversation.value.loadOlder();
    expect(older.value).toBe("failed");
    expect(failure.value).toMatchObject({ status: 401 });
    server.on("items.list", page([user("msg_1", "A")]));
    failure.value?.retry?.();
    await untilShown(chat, ["user done: A", "user done: B"]);
    expect(older.value).toBe("none");
  });
});

describe("older items beyond those that can't be shown", () => {
  const hidden = (id: string) => ({ ...user(id, ""), type: "made_later" }) as unknown as ThreadItem;

  test.each([
    ["end in such an item", [user("msg_3", "C"), hidden("new_2")], ["user done: C"]],
    ["are all such items", [hidden("new_3"), hidden("new_2")], []],
  ])("can be fetched, though the newest %s", async (_name, items, newest) => {
    const server = new Server()
      .on("threads.get_by_id", Response.json(thread()))
      .on("items.list", page(items, { has_more: true }), page([user("msg_1", "A")]));
    const { chat } = chatOf(server);
    await chat.openThread("thr_1");
    const { older } = chat.conversation.value;
    expect(brief(chat)).toEqual(newest);
    expect(older.value).toBe("more");
    await chat.conversation.value.loadOlder();
    expect(server.asked("items.list")[1]).toMatchObject({ after: "new_2" });
    expect(brief(chat)).toEqual(["user done: A", ...newest]);
    expect(older.value).toBe("none");
  });

  test("can be fetched while a message is on its way", async () => {
    const { answer, give } = later();
    const server = new Server().on("threads.get_by_id", Response.json(thread()));
    server.on("items.list", answer);
    const { chat } = chatOf(server);
    const loading = chat.openThread("thr_1");
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("B"));
    give(page([hidden("new_2")], { has_more: true }));
    await loading;
    expect(chat.conversation.value.older.value).toBe("more");
    stream.send(done(user("msg_3", "B"))).end();
    await untilIdle(chat);
  });
});

describe("to fetch updates", () => {
  test("takes what is new, changed and gone, and leaves the rest as it is", async () => {
    const { server, chat } = await opened([
      user("msg_1", "A"),
      assistant("msg_2", "B"),
      assistant("msg_3", "C"),
    ]);
    const [first] = chat.conversation.value.items.value;
    const before = first?.value;
    server.thread(
      "thr_1",
      [user("msg_1", "A"), assistant("msg_3", "Changed"), assistant("msg_4", "New")],
      { title: "Renamed" },
    );
    await chat.fetchUpdates();
    expect(brief(chat)).toEqual(["user done: A", "assistant done: Changed", "assistant done: New"]);
    expect(first?.value).toBe(before);
    expect(chat.conversation.value.thread.value?.title).toBe("Renamed");
  });

  test("keeps older items that were fetched, but none across a gap", async () => {
    const { server, chat } = await opened([]);
    const items = Array.from({ length: 6 }, (_, index) => user(`msg_${index}`, `${index}`));
    const newest = (...numbers: number[]) =>
      page(
        numbers.map((number) => items[number] as ThreadItem),
        { has_more: true },
      );
    const list = async (response: Response) => {
      server.now("items.list", response);
      await chat.fetchUpdates();
    };
    await list(newest(3, 2));
    server.now("items.list", page([items[1] as ThreadItem, items[0] as ThreadItem]));
    await chat.conversation.value.loadOlder();
    await list(newest(3, 2));
    expect(shown(chat).map(({ id }) => id)).toEqual(["msg_0", "msg_1", "msg_2", "msg_3"]);
    expect(chat.conversation.value.older.value).toBe("none");
    await list(newest(5, 4));
    expect(shown(chat).map(({ id }) => id)).toEqual(["msg_4", "msg_5"]);
    expect(chat.conversation.value.older.value).toBe("more");
  });

  test("across a gap drops the older items that are still on their way", async () => {
    const { server, chat } = await opened([]);
    server.now("items.list", page([user("msg_2", "B")], { has_more: true }));
    await chat.fetchUpdates();
    const { answer, give } = later();
    server.now("items.list", answer);
    const loading = chat.conversation.value.loadOlder();
    server.now("items.list", page([user("msg_9", "I")], { has_more: true }));
    await chat.fetchUpdates();
    give(page([user("msg_1", "A")]));
    await loading;
    expect(brief(chat)).toEqual(["user done: I"]);
    expect(chat.conversation.value.older.value).toBe("more");
    server.now("items.list", page([user("msg_8", "H")]));
    await chat.conversation.value.loadOlder();
    expect(server.asked("items.list").at(-1)).toMatchObject({ after: "msg_9" });
    expect(brief(chat)).toEqual(["user done: H", "user done: I"]);
  });

  describe("of a server that keeps nothing of an answer that was cut off", () => {
    const cutOff = async () => {
      const made = await opened();
      const { server, chat } = made;
      const stream = server.stream("threads.add_user_message");
      void chat.send(say("A"));
      stream.send(done(user("msg_1", "A")), added(assistant("msg_2")), delta("msg_2", "So far"));
      await untilShown(chat, ["user done: A", "assistant open: So far"]);
      server.thread("thr_1", [user("msg_1", "A")]);
      stream.fail();
      await untilShown(chat, ["user done: A", "assistant cut: So far"]);
      await untilIdle(chat);
      return made;
    };

    test("leaves what came of it where it is", async () => {
      const { server, chat } = await cutOff();
      server.thread("thr_1", [user("msg_1", "A"), user("msg_3", "B"), assistant("msg_4", "C")]);
      await chat.fetchUpdates();
      const shown = ["user done: A", "assistant cut: So far", "user done: B", "assistant done: C"];
      expect(brief(chat)).toEqual(shown);
      await chat.fetchUpdates();
      expect(brief(chat)).toEqual(shown);
    });

    test("brings nothing of it across a gap", async () => {
      const { server, chat } = await cutOff();
      server.now("items.list", page([assistant("msg_9", "C")], { has_more: true }));
      await chat.fetchUpdates();
      expect(brief(chat)).toEqual(["assistant done: C"]);
    });
  });

  test("waits for an answer that is under way, and disturbs nothing of it", async () => {
    const { server, chat } = await opened([user("msg_1", "A")]);
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("B"));
    stream.send(done(user("msg_2", "B")), added(assistant("msg_3")), delta("msg_3", "C"));
    await untilShown(chat, ["user done: A", "user done: B", "assistant open: C"]);
    await chat.fetchUpdates();
    expect(server.types()).not.toContain("items.list");
    server.thread("thr_1", [
      user("msg_1", "A"),
      user("msg_2", "B"),
      assistant("msg_3", "C"),
      assistant("msg_4", "From elsewhere"),
    ]);
    stream.send(done(assistant("msg_3", "C"))).end();
    await untilShown(chat, [
      "user done: A",
      "user done: B",
      "assistant done: C",
      "assistant done: From elsewhere",
    ]);
  });

  test("drops what comes when an answer has begun meanwhile", async () => {
    const { server, chat } = await opened([user("msg_1", "A"), assistant("msg_2", "Old")]);
    const { answer, give } = later();
    const slow = new Server().on("threads.get_by_id", answer);
    chat.configure({ api: { url: "https://chat.test/api", fetch: slow.fetch } });
    const fetching = chat.fetchUpdates();
    chat.configure({ api: { url: "https://chat.test/api", fetch: server.fetch } });
    const stream = server.stream("threads.retry_after_item");
    void chat.retry();
    give(Response.json(thread()));
    await fetching;
    expect(brief(chat)).toEqual(["user done: A"]);
    server.thread("thr_1", [user("msg_1", "A"), assistant("msg_3", "New")]);
    stream.send(done(assistant("msg_3", "New"))).end();
    await untilIdle(chat);
    expect(brief(chat)).toEqual(["user done: A", "assistant done: New"]);
  });
});

describe("to show another thread", () => {
  test("lets an answer go on, to be seen on coming back", async () => {
    const { server, chat, names } = await opened([user("msg_1", "A")]);
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("B"));
    stream.send(done(user("msg_2", "B")), added(assistant("msg_3")), delta("msg_3", "C"));
    await untilShown(chat, ["user done: A", "user done: B", "assistant open: C"]);
    const left = chat.conversation.value;

    await chat.openThread(null);
    expect(brief(chat)).toEqual([]);
    expect(chat.conversation.value.responding.value).toBe(false);
    stream.send(delta("msg_3", "D"));

    await chat.openThread("thr_1");
    expect(chat.conversation.value).toBe(left);
    await untilShown(chat, ["user done: A", "user done: B", "assistant open: CD"]);
    stream.send(done(assistant("msg_3", "CD"))).end();
    await untilIdle(chat);
    expect(names()).toEqual(["response.start", "thread.change", "thread.change", "response.end"]);
  });

  test("fetches one whose answer has ended unseen", async () => {
    const { server, chat } = await opened([user("msg_1", "A")]);
    const stream = server.stream("threads.add_user_message");
    void chat.send(say("B"));
    stream.send(done(user("msg_2", "B")));
    await untilShown(chat, ["user done: A", "user done: B"]);
    const left = chat.conversation.value;
    await chat.openThread(null);
    stream.send(done(assistant("msg_3", "C"))).end();
    await until(() => expect(left.responding.value).toBe(false));
    server.thread("thr_1", [user("msg_1", "A"), user("msg_2", "B"), assistant("msg_3", "C")]);
    await chat.openThread("thr_1");
    expect(chat.conversation.value).not.toBe(left);
    expect(brief(chat)).toEqual(["user done: A", "user done: B", "assistant done: C"]);
  });

  test("leaves a thread that is just being made to itself", async () => {
    const server = new Server();
    const stream = server.stream("threads.create");
    const { chat, told } = chatOf(server);
    void chat.send(say("A"));
    await chat.openThread(null);
    chat.composer.setText("Something else");
    stream.send(created(), done(user("msg_1", "A"))).end();
    await until(() => expect(chat.history.threads.value).toHaveLength(1));
    expect(chat.conversation.value.threadId.value).toBeNull();
    expect(chat.composer.text.value).toBe("Something else");
    const changes = told.filter(({ name }) => name === "thread.change");
    expect(changes.map(({ detail }) => detail)).toEqual([{ threadId: null }]);
  });

  test("ends what was being fetched for the old one, and says nothing of it", async () => {
    const server = new Server().on("threads.get_by_id", never);
    const { chat, names } = chatOf(server);
    const opening = chat.openThread("thr_1");
    await chat.openThread(null);
    await opening;
    expect(names()).not.toContain("error");
  });
});

describe("the history", () => {
  const list = (...ids: string[]) =>
    Response.json({ data: ids.map((id) => thread(id)), has_more: false });
  const ids = (chat: ReturnType<typeof chatOf>["chat"]) =>
    chat.history.threads.value.map(({ id }) => id);

  test("is fetched when it is shown, page by page", async () => {
    const server = new Server().on(
      "threads.list",
      Response.json({ data: [thread("thr_3"), thread("thr_2")], has_more: true, after: "thr_2" }),
      list("thr_1"),
    );
    const { chat, names } = chatOf(server);
    const showing = chat.history.show();
    expect(chat.history.isOpen.value).toBe(true);
    expect(chat.history.status.value).toBe("loading");
    await showing;
    expect(chat.history.hasMore.value).toBe(true);
    await chat.history.loadMore();
    expect(ids(chat)).toEqual(["thr_3", "thr_2", "thr_1"]);
    expect(chat.history.hasMore.value).toBe(false);
    chat.history.hide();
    chat.history.hide();
    expect(names()).toEqual(["history.open", "history.close"]);
    expect(server.asked("threads.list")[1]).toMatchObject({ after: "thr_2" });
  });

  test("says when it can't be fetched, and can be tried again", async () => {
    const server = new Server().on("threads.list", refusal(401, "auth.required", "Sign in."));
    const { chat } = chatOf(server);
    await chat.history.show();
    expect(chat.history.status.value).toBe("failed");
    server.on("threads.list", list("thr_1"));
    chat.history.failure.value?.retry?.();
    await until(() => expect(ids(chat)).toEqual(["thr_1"]));
    expect(chat.history.failure.value).toBeNull();
  });

  test("renames a thread at once, in the list and where it is shown", async () => {
    const { server, chat } = await opened();
    server.on("threads.list", list("thr_1"));
    await chat.history.show();
    const { answer, give } = later();
    server.on("threads.update", answer);
    const renaming = chat.history.rename("thr_1", "Mine");
    expect(chat.history.threads.value[0]?.title).toBe("Mine");
    give(Response.json(thread("thr_1", { title: "Mine" })));
    expect(await renaming).toBe(true);
    expect(chat.conversation.value.thread.value?.title).toBe("Mine");
  });

  test("takes back a title that the server refuses", async () => {
    const { server, chat } = await opened();
    server
      .on("threads.list", list("thr_1"))
      .on("threads.update", refusal(400, "request.invalid", "Too long."));
    await chat.history.show();
    expect(await chat.history.rename("thr_1", "Mine")).toBe(false);
    expect(chat.history.threads.value[0]?.title).toBeNull();
    expect(chat.history.failure.value).toMatchObject({ message: "Too long." });
  });

  test("deletes a thread at once; the one that is open gives way to a new one", async () => {
    const { server, chat, told } = await opened([user("msg_1", "A")]);
    server.on("threads.list", list("thr_2", "thr_1"));
    await chat.history.show();
    expect(await chat.history.remove("thr_1")).toBe(true);
    expect(ids(chat)).toEqual(["thr_2"]);
    expect(chat.conversation.value.threadId.value).toBeNull();
    expect(told.at(-1)).toEqual({ name: "thread.change", detail: { threadId: null } });
  });

  test("keeps a thread that the server doesn't delete, but not one that has gone", async () => {
    const { server, chat } = await opened();
    server.on("threads.list", list("thr_2", "thr_1"));
    await chat.history.show();
    server.on(
      "threads.delete",
      refusal(500, "internal", "No."),
      refusal(404, "not_found", "Gone."),
    );
    expect(await chat.history.remove("thr_2")).toBe(false);
    expect(ids(chat)).toEqual(["thr_2", "thr_1"]);
    expect(chat.history.failure.value).not.toBeNull();
    expect(await chat.history.remove("thr_2")).toBe(true);
    expect(chat.history.failure.value).toBeNull();
    expect(ids(chat)).toEqual(["thr_1"]);
  });

  test("puts a thread that isn't deleted back in its place, and leaves the others", async () => {
    const { server, chat } = await opened();
    const [first, second] = [later(), later()];
    server.on("threads.list", list("thr_1", "thr_2", "thr_3", "thr_4"));
    server.on("threads.delete", first.answer, second.answer, Response.json({}));
    server.on("threads.update", Response.json(thread("thr_4", { title: "Mine" })));
    server.on("threads.create", streamed(frame(created("thr_5")) + frame(done(user("m", "A")))));
    await chat.history.show();
    const removing = [chat.history.remove("thr_1"), chat.history.remove("thr_3")];
    await chat.history.remove("thr_2");
    await chat.history.rename("thr_4", "Mine");
    await chat.send({ ...say("A"), newThread: true });
    first.give(refusal(500, "internal", "No."));
    await removing[0];
    expect(ids(chat)).toEqual(["thr_5", "thr_1", "thr_4"]);
    second.give(refusal(500, "internal", "No."));
    await removing[1];
    expect(ids(chat)).toEqual(["thr_5", "thr_1", "thr_3", "thr_4"]);
    expect(chat.history.threads.value.at(-1)?.title).toBe("Mine");
  });

  test.each([
    ["shows one that was fetched again once, if it is refused", refusal(500, "no", ""), ["thr_1"]],
    ["leaves none that was fetched again, if it is done", Response.json({}), []],
  ])("in which a thread is deleted %s", async (_name, response, left) => {
    const { server, chat } = await opened();
    const { answer, give } = later();
    server.on("threads.list", () => list("thr_1")).on("threads.delete", answer);
    await chat.history.show();
    const removing = chat.history.remove("thr_1");
    await chat.history.reload();
    give(response);
    await removing;
    expect(ids(chat)).toEqual(left);
  });

  test("has a new thread at its top", async () => {
    const server = new Server()
      .on("threads.list", list("thr_1"))
      .on("threads.create", streamed(frame(created("thr_2")) + frame(done(user("msg_1", "A")))));
    const { chat } = chatOf(server);
    await chat.history.show();
    await chat.send(say("A"));
    expect(ids(chat)).toEqual(["thr_2", "thr_1"]);
  });
});

describe("new options", () => {
  test("count from the next request on; thread and draft stay", async () => {
    const { chat } = await opened([user("msg_1", "A")]);
    chat.composer.setText("Draft");
    const { conversation } = chat;
    const before = conversation.value;
    const other = new Server().on(
      "threads.add_user_message",
      streamed(frame(done(user("msg_2", "B")))),
    );
    chat.configure({ api: { url: "https://other.test/", fetch: other.fetch }, locale: "fr" });
    expect(conversation.value).toBe(before);
    expect(chat.composer.text.value).toBe("Draft");
    await chat.send(say("B"));
    expect(other.types()).toEqual(["threads.add_user_message"]);
    await untilIdle(chat);
  });
});
