import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Controller } from "../../../src/state";
import { Drafts } from "../../../src/state";
import { frame, refusal, streamed } from "../wire/answers";
import { chatOf, created, done, later, never, Server, URL_, until, user } from "./server";

/** The page's session storage. */
const kept = new Map<string, string>();
const chats: Controller[] = [];

beforeEach(() => {
  kept.clear();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    key: (index: number) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  });
});

afterEach(() => {
  for (const chat of chats.splice(0)) chat.dispose();
  vi.unstubAllGlobals();
});

/** A chat of a user, in the page until the test is over. */
function chatFor(userId: string | undefined, server = new Server(), more: object = {}) {
  const api = { url: URL_, userId, fetch: server.fetch, uploadStrategy: { type: "two_phase" } };
  const { chat, told } = chatOf(server, {
    api: { ...api, ...more } as never,
    attachments: { enabled: true },
  });
  chats.push(chat);
  return { chat, server, told };
}

/** What a user finds who opens the page after the others have gone. */
function foundBy(userId: string | undefined, more: object = {}): string {
  for (const chat of chats.splice(0)) chat.dispose();
  const { chat } = chatFor(userId, new Server(), more);
  return chat.composer.text.value;
}

const PICTURE = new File(["x"], "a.png", { type: "image/png" });
const ATTACHMENT = { type: "image", id: "atc_1", name: "a.png", mime_type: "image/png" };

describe("a draft belongs to its user", () => {
  test("who finds it again, and no one else", () => {
    chatFor("ada").chat.composer.setText("Ada's");
    expect(foundBy("bob")).toBe("");
    expect(foundBy(undefined)).toBe("");
    expect(foundBy("ada", { url: "https://other.test/" })).toBe("");
    expect(foundBy("ada")).toBe("Ada's");
  });

  test.each([
    ["a", "a:1:"],
    ["a:1", "a"],
    ["ada", "ADA"],
    ["ada", " ada"],
    ["a%3A", "a:"],
    ["../a", "a"],
    ["\u00e9", "e\u0301"],
    ["\ud83d\ude00", "\ud83d\ude01"],
    ["#2", ""],
    ['"', '\\"'],
    ['a"]:1:', "a"],
  ])("%j is not %j", (one, other) => {
    chatFor(one).chat.composer.setText("Mine");
    expect(foundBy(other)).toBe("");
    expect(foundBy(one)).toBe("Mine");
  });

  test("whose name is cut within a character too", () => {
    chatFor("a\ud83d").chat.composer.setText("Mine");
    expect(foundBy("b")).toBe("");
  });
});

describe("drafts that are cleared", () => {
  test("are gone from all threads, in memory and storage", async () => {
    const server = new Server().thread("thr_1");
    const { chat } = chatFor("ada", server);
    chat.composer.setText("A new one");
    await chat.openThread("thr_1");
    chat.composer.set({
      text: "In a thread",
      reply: "You said",
      attachments: [ATTACHMENT as never],
    });
    kept.set([...kept.keys()][0]!.replace(/[^:]*$/, "thr_2"), '{"text":"Of an earlier visit"}');
    chat.clearDrafts();
    expect([...kept]).toEqual([]);
    expect(chat.composer.text.value).toBe("");
    expect(chat.composer.quote.value).toBeNull();
    expect(chat.composer.attachments.value).toEqual([]);
    await chat.openThread(null);
    expect(chat.composer.text.value).toBe("");
  });

  test("are those of one user and one server", () => {
    chatFor("bob").chat.composer.setText("Bob's");
    chatFor("ada", new Server(), { url: `${URL_}:a` }).chat.composer.setText("Ada's elsewhere");
    chatFor("ada:1").chat.composer.setText("Another's");
    const { chat } = chatFor("ada");
    chat.composer.setText("Ada's");
    chat.clearDrafts();
    expect(foundBy("ada")).toBe("");
    expect(foundBy("bob")).toBe("Bob's");
    expect(foundBy("ada:1")).toBe("Another's");
    expect(foundBy("ada", { url: `${URL_}:a` })).toBe("Ada's elsewhere");
  });

  test("are also those in the page's other elements, and of elements that are gone", () => {
    const [first, second] = [chatFor("ada").chat, chatFor("ada").chat];
    first.composer.setText("First");
    second.composer.setText("Second");
    first.dispose();
    second.clearDrafts();
    expect(second.composer.text.value).toBe("");
    expect([...kept]).toEqual([]);
  });

  test("without a chat are gone from storage", () => {
    chatFor("ada").chat.composer.setText("Ada's");
    chats.pop()!.dispose();
    Drafts.drop({ url: URL_, userId: "ada" });
    expect([...kept]).toEqual([]);
  });

  test("take what is being uploaded with them", async () => {
    const { chat, server, told } = chatFor("ada", new Server().on("attachments.create", never));
    chat.composer.addFiles([PICTURE]);
    await until(() => expect(server.types()).toContain("attachments.create"));
    chat.clearDrafts();
    expect(chat.composer.attachments.value).toEqual([]);
    await until(() => expect(server.abandoned).toContain("attachments.create"));
    expect(told).toEqual([]);
  });

  test("don't come back with a message that was on its way", async () => {
    const { answer, give } = later();
    const { chat, server } = chatFor("ada", new Server().on("threads.create", answer));
    chat.composer.setText("On its way");
    const sent = chat.composer.submit();
    await until(() => expect(server.types()).toContain("threads.create"));
    chat.clearDrafts();
    give(refusal(500, "internal", ""));
    expect(await sent).toBe(false);
    expect(chat.composer.text.value).toBe("");
    expect([...kept]).toEqual([]);
    expect(chat.conversation.value.failure.value?.retry).toBeNull();
    chat.composer.setText("The next");
    server.on("threads.create", refusal(500, "internal", ""));
    expect(await chat.composer.submit()).toBe(false);
    expect(chat.composer.text.value).toBe("The next");
  });

  test("can be written anew", async () => {
    const answer = streamed(frame(created()) + frame(done(user("msg_1", "A"))));
    const { chat } = chatFor("ada", new Server().on("threads.create", answer));
    chat.clearDrafts();
    chat.composer.setText("A");
    expect([...kept.values()].join()).toContain('"A"');
    expect(await chat.composer.submit()).toBe(true);
  });
});

describe("a server that no longer knows the user", () => {
  const refused = () => refusal(401, "auth.required", "Sign in.");

  test.each([
    ["fetching a thread", "threads.get_by_id", (chat: Controller) => chat.openThread("thr_1")],
    ["listing threads", "threads.list", (chat: Controller) => chat.history.show()],
    ["renaming one", "threads.update", (chat: Controller) => chat.history.rename("thr_1", "B")],
    ["a message", "threads.create", (chat: Controller) => chat.composer.submit()],
  ] as const)("has the drafts dropped: %s", async (_name, type, ask) => {
    const server = new Server().on(type, refused);
    const { chat } = chatFor("ada", server);
    chatFor("bob").chat.composer.setText("Bob's");
    chat.composer.setText("Ada's");
    await ask(chat);
    expect(chat.composer.text.value).toBe("");
    expect(foundBy("ada")).toBe("");
    expect(foundBy("bob")).toBe("Bob's");
  });

  test("has files dropped too, with what was uploaded of them", async () => {
    const server = new Server().on("attachments.create", () => Response.json(ATTACHMENT));
    const { chat } = chatFor("ada", server);
    chat.composer.addFiles([PICTURE]);
    await until(() => expect(chat.composer.attachments.value[0]?.status).toBe("ready"));
    server.now("attachments.create", refused);
    chat.composer.addFiles([PICTURE]);
    await until(() => expect(chat.composer.attachments.value).toEqual([]));
    expect([...kept]).toEqual([]);
    expect(server.types()).not.toContain("attachments.delete");
  });

  test.each([400, 403, 404, 500])("is not one that answers %i", async (status) => {
    const { chat } = chatFor(
      "ada",
      new Server().on("threads.list", () => refusal(status, "", "")),
    );
    chat.composer.setText("Ada's");
    await chat.history.show();
    expect(chat.composer.text.value).toBe("Ada's");
    expect(foundBy("ada")).toBe("Ada's");
  });
});
