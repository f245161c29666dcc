import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { frame, refusal, streamed } from "../wire/answers";
import {
  aborted,
  chatOf,
  created,
  done,
  later,
  never,
  opened,
  Server,
  URL_,
  until,
  user,
} from "./server";

const ATTACHMENTS = { enabled: true };
const API = { url: URL_, uploadStrategy: { type: "two_phase" } } as const;
const text = (name: string, size = 3) => new File(["x".repeat(size)], name, { type: "text/plain" });
const ready = (id: string) => ({
  type: "file" as const,
  id,
  name: `${id}.txt`,
  mime_type: "text/plain",
});

/** A chat that uploads in two phases, of which the second isn't needed. */
function uploading(server: Server, attachments: object = ATTACHMENTS) {
  return chatOf(server, {
    api: { ...API, fetch: server.fetch },
    attachments: { ...ATTACHMENTS, ...attachments },
  });
}

const states = (chat: ReturnType<typeof chatOf>["chat"]) =>
  chat.composer.attachments.value.map(({ name, status }) => `${name} ${status}`);

describe("the composer", () => {
  test("sends what there is, and is empty then", async () => {
    const server = new Server().on(
      "threads.create",
      streamed(frame(created()) + frame(done(user("msg_1", "Hi")))),
    );
    const { chat } = chatOf(server, { tools: [{ id: "search" }], models: [{ id: "m" }] });
    expect(chat.composer.canSend.value).toBe(false);
    chat.composer.setText("  \n ");
    expect(chat.composer.canSend.value).toBe(false);
    expect(await chat.composer.submit()).toBe(false);
    chat.composer.setText(" Hi \n");
    chat.composer.setQuote("You said");
    chat.composer.selectTool("search");
    chat.composer.set({ attachments: [ready("atc_1")] });
    expect(await chat.composer.submit()).toBe(true);
    expect(server.asked("threads.create")[0]?.input).toEqual({
      content: [{ type: "input_text", text: "Hi" }],
      attachments: ["atc_1"],
      quoted_text: "You said",
      inference_options: { tool_choice: { id: "search" }, model: "m" },
    });
    expect(chat.composer.text.value).toBe("");
    expect(chat.composer.quote.value).toBeNull();
    expect(chat.composer.attachments.value).toEqual([]);
  });

  test("waits for the answer that is under way", async () => {
    const { server, chat } = await opened();
    const stream = server.stream("threads.add_user_message");
    chat.composer.setText("One");
    void chat.composer.submit();
    chat.composer.setText("Two");
    expect(chat.composer.canSend.value).toBe(false);
    expect(await chat.composer.submit()).toBe(false);
    expect(chat.composer.text.value).toBe("Two");
    stream.send(done(user("msg_1", "One"))).end();
    await until(() => expect(chat.composer.canSend.value).toBe(true));
  });

  test("clears the tool after a message, unless it is persistent", async () => {
    const tools = [{ id: "once" }, { id: "always", persistent: true }];
    const { server, chat, told } = await opened([], { tools });
    server.on(
      "threads.add_user_message",
      streamed(frame(done(user("msg_1", "A")))),
      streamed(frame(done(user("msg_2", "B")))),
    );
    for (const tool of ["once", "always"]) {
      chat.composer.selectTool(tool);
      chat.composer.setText("A");
      await chat.composer.submit();
      await until(() => expect(chat.conversation.value.responding.value).toBe(false));
    }
    expect(chat.composer.toolId.value).toBe("always");
    const changes = told.filter(({ name }) => name === "tool.change").map(({ detail }) => detail);
    expect(changes).toEqual([{ toolId: "once" }, { toolId: null }, { toolId: "always" }]);
  });

  test("gives the tool back with the message that wasn't sent", async () => {
    const { server, chat } = await opened([], { tools: [{ id: "once" }] });
    server.on("threads.add_user_message", refusal(500, "internal", ""));
    chat.composer.selectTool("once");
    chat.composer.setText("A");
    expect(await chat.composer.submit()).toBe(false);
    expect(chat.composer.toolId.value).toBe("once");
  });

  test("chooses the default model, and drops what is no longer offered", () => {
    const models = [{ id: "a", disabled: true }, { id: "b" }, { id: "c", default: true }];
    const { chat } = chatOf(new Server(), { models, tools: [{ id: "search" }] });
    expect(chat.composer.modelId.value).toBe("c");
    chat.composer.selectModel("b");
    chat.composer.selectTool("search");
    chat.configure({ api: API, models });
    expect(chat.composer.modelId.value).toBe("b");
    expect(chat.composer.toolId.value).toBeNull();
    chat.configure({ api: API, models: [{ id: "a", disabled: true }, { id: "d" }] });
    expect(chat.composer.modelId.value).toBe("d");
    chat.configure({ api: API });
    expect(chat.composer.modelId.value).toBeNull();
  });

  test("takes content with tags, and sends it as it is until someone edits it", async () => {
    const { server, chat } = await opened();
    const stream = server.stream("threads.add_user_message");
    const content = [
      { type: "input_text", text: "Ask " },
      { type: "input_tag", id: "ada", text: "@Ada" },
    ] as const;
    chat.composer.set({ content });
    expect(chat.composer.text.value).toBe("Ask @Ada");
    void chat.composer.submit();
    const [{ input } = { input: null }] = server.asked("threads.add_user_message");
    expect(input?.content[1]).toEqual({ ...content[1], data: {}, interactive: false });
    stream.fail();
    await until(() => expect(chat.composer.text.value).toBe("Ask @Ada"));
    await until(() => expect(chat.conversation.value.responding.value).toBe(false));
    chat.composer.setText("Ask @Ada and Bob");
    server.stream("threads.add_user_message");
    void chat.composer.submit();
    expect(server.asked("threads.add_user_message").at(-1)?.input.content).toEqual([
      { type: "input_text", text: "Ask @Ada and Bob" },
    ]);
  });

  test("is set by the page in part or in whole", () => {
    const { chat, told } = chatOf(new Server(), {
      tools: [{ id: "search" }],
      models: [{ id: "m" }],
    });
    chat.composer.set({ text: "A", reply: "R", selectedToolId: "search", selectedModelId: "m" });
    chat.composer.set({ text: "B", selectedToolId: null });
    expect(chat.composer.text.value).toBe("B");
    expect(chat.composer.quote.value).toBe("R");
    expect(chat.composer.toolId.value).toBeNull();
    expect(told.map(({ detail }) => detail)).toEqual([{ toolId: "search" }, { toolId: null }]);
    chat.composer.set({ reply: null, attachments: [ready("a")] });
    expect(chat.composer.quote.value).toBeNull();
    chat.composer.set({ attachments: [] });
    expect(chat.composer.attachments.value).toEqual([]);
  });
});

describe("attachments", () => {
  test("are uploaded at once, and hold the message back until they are there", async () => {
    const { answer, give } = later();
    const { chat } = uploading(new Server().on("attachments.create", answer));
    expect(chat.composer.addFiles([text("a.txt")])).toEqual([]);
    chat.composer.setText("See here");
    expect(states(chat)).toEqual(["a.txt uploading"]);
    expect(chat.composer.canSend.value).toBe(false);
    give(Response.json(ready("atc_1")));
    await until(() => expect(states(chat)).toEqual(["a.txt ready"]));
    expect(chat.composer.canSend.value).toBe(true);
    chat.composer.setText("");
    expect(chat.composer.canSend.value).toBe(true);
  });

  test("that fail say why, and can be tried again", async () => {
    const server = new Server().on(
      "attachments.create",
      refusal(413, "file.too_large", "At most 3 MB."),
      Response.json(ready("atc_1")),
    );
    const { chat, names } = uploading(server);
    chat.composer.addFiles([text("a.txt")]);
    await until(() => expect(states(chat)).toEqual(["a.txt failed"]));
    const [{ failure } = { failure: null }] = chat.composer.attachments.value;
    expect(failure).toMatchObject({
      kind: "upload",
      code: "file.too_large",
      message: "At most 3 MB.",
    });
    expect(names()).toEqual(["error"]);
    expect(chat.composer.canSend.value).toBe(false);
    failure?.retry?.();
    await until(() => expect(states(chat)).toEqual(["a.txt ready"]));
  });

  test("that are taken away are gone on the server too; uploads under way end", async () => {
    const server = new Server()
      .on("attachments.create", Response.json(ready("atc_1")), never)
      .on("attachments.delete", () => Response.json({}));
    const { chat, names } = uploading(server);
    chat.composer.addFiles([text("a.txt")]);
    await until(() => expect(states(chat)).toEqual(["a.txt ready"]));
    chat.composer.removeAttachment(chat.composer.attachments.value[0]?.key ?? "");
    expect(chat.composer.attachments.value).toEqual([]);
    expect(server.asked("attachments.delete")).toEqual([{ attachment_id: "atc_1" }]);
    chat.composer.addFiles([text("b.txt")]);
    await until(() => expect(server.asked("attachments.create")).toHaveLength(2));
    chat.composer.removeAttachment(chat.composer.attachments.value[0]?.key ?? "");
    expect(chat.composer.attachments.value).toEqual([]);
    expect(server.abandoned).toEqual(["attachments.create"]);
    expect(names()).toEqual([]);
  });

  test("that come back with their message are as they were", async () => {
    const server = new Server()
      .on("attachments.create", Response.json(ready("atc_1")))
      .on("attachments.delete", () => Response.json({}))
      .on("threads.create", refusal(500, "internal", ""));
    const { chat } = uploading(server);
    chat.composer.set({ attachments: [ready("atc_2")] });
    chat.composer.addFiles([text("a.txt")]);
    await until(() => expect(states(chat)).toEqual(["atc_2.txt ready", "a.txt ready"]));
    const before = chat.composer.attachments.value;
    expect(await chat.composer.submit()).toBe(false);
    expect(chat.composer.attachments.value).toEqual(before);
    expect(chat.composer.attachments.value[1]?.file).toBeInstanceOf(File);
    for (const { key } of before) chat.composer.removeAttachment(key);
    expect(server.asked("attachments.delete")).toEqual([{ attachment_id: "atc_1" }]);
  });

  describe("whose bytes don't arrive", () => {
    const target = { url: "https://chat.test/files/1", method: "PUT" };
    const created = { ...ready("atc_1"), upload_descriptor: target };

    /** A chat whose files go to its server, which does with them what a test says. */
    const sendingBytes = (bytes: typeof fetch) => {
      const server = new Server()
        .on("attachments.create", () => Response.json(created))
        .on("attachments.delete", () => Response.json({}));
      const route: typeof fetch = (url, init) =>
        url === URL_ ? server.fetch(url, init) : bytes(url, init);
      const options = { api: { ...API, fetch: route }, attachments: ATTACHMENTS };
      return { server, chat: chatOf(server, options).chat };
    };

    test("are deleted on the server, so that another try leaves one", async () => {
      const bytes = vi.fn<typeof fetch>(async () => new Response());
      bytes.mockRejectedValueOnce(new TypeError("Failed to fetch"));
      const { server, chat } = sendingBytes(bytes);
      chat.composer.addFiles([text("a.txt")]);
      await until(() => expect(states(chat)).toEqual(["a.txt failed"]));
      expect(server.asked("attachments.delete")).toEqual([{ attachment_id: "atc_1" }]);
      chat.composer.attachments.value[0]?.failure?.retry?.();
      await until(() => expect(states(chat)).toEqual(["a.txt ready"]));
      expect(server.asked("attachments.create")).toHaveLength(2);
      expect(server.asked("attachments.delete")).toHaveLength(1);
    });

    test("because they were taken away, are deleted on the server", async () => {
      const bytes = vi.fn<typeof fetch>((_url, init) => aborted(init?.signal));
      const { server, chat } = sendingBytes(bytes);
      chat.composer.addFiles([text("a.txt")]);
      await until(() => expect(bytes).toHaveBeenCalled());
      chat.composer.removeAttachment(chat.composer.attachments.value[0]?.key ?? "");
      await until(() => expect(server.asked("attachments.delete")).toHaveLength(1));
    });
  });

  test("that the page made are not the composer's to delete", () => {
    const server = new Server();
    const { chat } = uploading(server);
    chat.composer.set({ attachments: [ready("atc_1")] });
    chat.composer.removeAttachment("atc_1");
    expect(chat.composer.attachments.value).toEqual([]);
    expect(server.types()).toEqual([]);
  });

  test("go on uploading for the thread that they are for", async () => {
    const { answer, give } = later();
    const server = new Server().thread("thr_1").on("attachments.create", answer);
    const { chat } = uploading(server);
    chat.composer.addFiles([text("a.txt")]);
    await chat.openThread("thr_1");
    expect(states(chat)).toEqual([]);
    give(Response.json(ready("atc_1")));
    await chat.openThread(null);
    await until(() => expect(states(chat)).toEqual(["a.txt ready"]));
  });

  describe("are refused", () => {
    const taken = (attachments: object, ...given: File[]) => {
      const server = new Server().on("attachments.create", () => Response.json(ready("atc")));
      const { chat } = uploading(server, attachments);
      return chat.composer
        .addFiles(given)
        .map(({ file, reason, limit }) => [file.name, reason, limit]);
    };
    const image = new File(["12345"], "a.PNG", { type: "image/png" });

    test("if they are not enabled", () => {
      expect(taken({ enabled: false }, image)).toEqual([["a.PNG", "disabled", null]]);
    });

    test("beyond the most that a message may have", () => {
      expect(taken({ maxCount: 1 }, text("a"), text("b"))).toEqual([["b", "count", 1]]);
      const many = Array.from({ length: 11 }, (_, index) => text(`${index}`));
      expect(taken({}, ...many)).toEqual([["10", "count", 10]]);
    });

    test.each([
      [4, 4],
      [{ "image/png": 4, "image/*": 9 }, 4],
      [{ "image/*": 4, "*": 9 }, 4],
      [{ "text/*": 9, "*": 4 }, 4],
      [{ "": 4 }, 4],
    ])("if they are larger than %j", (maxSize, limit) => {
      expect(taken({ maxSize }, image)).toEqual([["a.PNG", "size", limit]]);
    });

    test.each([5, { "image/*": 5, "*": 1 }, { "text/*": 1 }, undefined])(
      "but not if they are no larger than %j",
      (maxSize) => {
        expect(taken({ maxSize }, image)).toEqual([]);
      },
    );

    test.each([{ "text/*": [] }, { "application/pdf": [".pdf"] }])(
      "if they are none of %j",
      (accept) => {
        expect(taken({ accept }, image)).toEqual([["a.PNG", "type", null]]);
      },
    );

    test.each([{ "image/*": [] }, { "image/png": [] }, { "x/y": [".png"] }, { "*/*": [] }, {}])(
      "but not if they are one of %j",
      (accept) => {
        expect(taken({ accept }, image)).toEqual([]);
      },
    );
  });

  test("need a place to go", async () => {
    const server = new Server();
    const { chat } = chatOf(server, { attachments: ATTACHMENTS });
    chat.composer.addFiles([text("a.txt")]);
    await until(() => expect(states(chat)).toEqual(["a.txt failed"]));
  });
});

describe("a draft", () => {
  test("waits in its thread", async () => {
    const { chat } = await opened();
    chat.composer.setText("For one");
    await chat.openThread(null);
    expect(chat.composer.text.value).toBe("");
    chat.composer.setText("For a new one");
    await chat.openThread("thr_1");
    expect(chat.composer.text.value).toBe("For one");
    await chat.openThread(null);
    expect(chat.composer.text.value).toBe("For a new one");
  });

  test("goes with the new thread that it is written in", async () => {
    const server = new Server();
    const stream = server.stream("threads.create");
    const { chat } = chatOf(server);
    chat.composer.setText("First");
    void chat.composer.submit();
    chat.composer.setText("Second");
    stream.send(created(), done(user("msg_1", "First"))).end();
    await until(() => expect(chat.conversation.value.threadId.value).toBe("thr_1"));
    expect(chat.composer.text.value).toBe("Second");
    await chat.openThread(null);
    expect(chat.composer.text.value).toBe("");
  });

  describe("in the page's session", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
      key: (index: number) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };

    beforeEach(() => {
      kept.clear();
      vi.stubGlobal("sessionStorage", storage);
    });
    afterEach(() => {
      vi.unstubAllGlobals();
    });

    /** A chat in a page that was just loaded: nothing of before is there but what was kept. */
    async function load(server = new Server()) {
      vi.resetModules();
      const { Controller } = await import("../../../src/state");
      return new Controller({ api: { url: URL_, fetch: server.fetch } });
    }

    test("outlives a reload of the page", async () => {
      const server = new Server().thread("thr_1");
      const chat = await load(server);
      await chat.openThread("thr_1");
      chat.composer.setText("Not lost");
      chat.composer.set({ reply: "You said", attachments: [ready("atc_1")] });
      const reloaded = await load(server);
      await reloaded.openThread("thr_1");
      expect(reloaded.composer.text.value).toBe("Not lost");
      expect(reloaded.composer.quote.value).toBe("You said");
      expect(reloaded.composer.attachments.value).toMatchObject([
        { name: "atc_1.txt", status: "ready" },
      ]);
      reloaded.composer.set({ text: "", reply: null, attachments: [] });
      expect(kept.size).toBe(0);
    });

    test("is there again if the page is reloaded while it is sent", async () => {
      const server = new Server();
      const stream = server.stream("threads.create");
      const chat = await load(server);
      chat.composer.set({ text: "On its way", reply: "You said", attachments: [ready("atc_1")] });
      const sent = chat.composer.submit();
      chat.composer.setText("The next");
      const reloaded = await load();
      expect(reloaded.composer.text.value).toBe("On its way\n\nThe next");
      expect(reloaded.composer.quote.value).toBe("You said");
      expect(reloaded.composer.attachments.value).toMatchObject([{ name: "atc_1.txt" }]);
      stream.send(created(), done(user("msg_1", "On its way")));
      expect(await sent).toBe(true);
      expect([...kept.values()].join()).not.toContain("On its way");
      expect(chat.composer.text.value).toBe("The next");
      stream.end();
    });

    test("is not another's on the same page", () => {
      const [first, second] = [chatOf(new Server()).chat, chatOf(new Server()).chat];
      first.composer.setText("First");
      second.composer.setText("Second");
      first.dispose();
      second.dispose();
      const [again, other] = [chatOf(new Server()).chat, chatOf(new Server()).chat];
      expect(again.composer.text.value).toBe("First");
      expect(other.composer.text.value).toBe("Second");
      again.dispose();
      other.dispose();
    });

    test("of another endpoint is another's", () => {
      chatOf(new Server()).chat.composer.setText("Mine");
      const { chat } = chatOf(new Server(), { api: { url: "https://other.test/" } });
      expect(chat.composer.text.value).toBe("");
    });

    const wrong = ['{"sending": {"content": 1}}', '{"text": 1, "attachments": "x"}'];
    test.each(["{", "null", "[]", ...wrong])("that is damaged is none: %s", async (damaged) => {
      (await load()).composer.setText("Mine");
      for (const key of kept.keys()) kept.set(key, damaged);
      expect((await load()).composer.text.value).toBe("");
    });

    test("is kept in memory where storage is forbidden or full", () => {
      vi.stubGlobal("sessionStorage", {
        getItem: () => {
          throw new DOMException("no", "SecurityError");
        },
        setItem: () => {
          throw new DOMException("full", "QuotaExceededError");
        },
        removeItem: () => {
          throw new DOMException("no", "SecurityError");
        },
      });
      const { chat } = chatOf(new Server());
      chat.composer.setText("Mine");
      expect(chat.composer.text.value).toBe("Mine");
      chat.composer.setText("");
    });
  });
});
