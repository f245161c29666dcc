// A server on loopback: the built element, the pages, and a scripted chat whose answer is
// streamed at a steady rate, and held where the measuring begins and ends.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

import { messages } from "./texts.mjs";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2" };
const UI = "/chatkit/ui/";
const TICK = 5; // ms
const THREAD = { created_at: "2026-01-02T03:04:05Z", title: "Bench", status: { type: "active" } };

/** A promise, and what keeps it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

/** One answer: `held` before its deltas, `sent` after them, `ended` when the stream is. */
export class Answer {
  #held = gate();
  #go = gate();
  #sent = gate();
  #finish = gate();
  #ended = gate();

  constructor({ prefix, deltas, perSecond }) {
    Object.assign(this, { prefix, deltas, perSecond });
  }

  get held() {
    return this.#held.opened;
  }

  /** Send the deltas. */
  async release() {
    this.#go.open();
    await this.#sent.opened;
  }

  /** Complete the answer. */
  async finish() {
    this.#finish.open();
    await this.#ended.opened;
  }

  async stream(write, threadId, itemId) {
    const part = { type: "output_text", text: "", annotations: [] };
    const item = { id: itemId, thread_id: threadId, created_at: THREAD.created_at };
    const update = (type, rest) =>
      write({
        type: "thread.item.updated",
        item_id: itemId,
        update: { type: `assistant_message.content_part.${type}`, content_index: 0, ...rest },
      });
    const answer = { ...item, type: "assistant_message" };
    write({ type: "thread.item.added", item: { ...answer, content: [] } });
    update("added", { content: part });
    if (this.prefix) update("text_delta", { delta: this.prefix });
    this.#held.open();
    await this.#go.opened;
    await paced(this.deltas, this.perSecond, (delta) => update("text_delta", { delta }));
    this.#sent.open();
    await this.#finish.opened;
    const content = { ...part, text: this.prefix + this.deltas.join("") };
    update("done", { content });
    write({ type: "thread.item.done", item: { ...answer, content: [content] } });
    this.#ended.open();
  }
}

/** Send each delta when it is due; after a delay of the machine, those that are late at once. */
function paced(deltas, perSecond, send) {
  const begin = performance.now();
  let next = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - begin) / 1000) * perSecond;
      while (next < deltas.length && next < due) send(deltas[next++]);
      if (next < deltas.length) return;
      clearInterval(timer);
      resolve();
    }, TICK);
  });
}

export class ChatServer {
  /** What the next message is answered with. */
  answer = null;
  /** Items that a page of a thread has at most. */
  pageSize = Infinity;
  #count = 0;

  constructor(built, pages) {
    this.built = built;
    this.pages = pages;
    this.http = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(built, pages) {
    const server = new ChatServer(built, pages);
    server.http.listen(0, "127.0.0.1");
    await once(server.http, "listening");
    server.origin = `http://127.0.0.1:${server.http.address().port}`;
    return server;
  }

  async stop() {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }

  async #serve(request, response) {
    const [path] = request.url.split("?");
    if (request.method === "POST") return this.#chat(request, response);
    if (this.pages.has(path)) {
      const type = path.endsWith(".js") ? TYPES[".js"] : "text/html";
      response.setHeader("content-type", `${type}; charset=utf-8`);
      return response.end(this.pages.get(path));
    }
    if (!path.startsWith(UI)) return response.writeHead(404).end();
    const bytes = await readFile(join(this.built, normalize(path.slice(UI.length))));
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(bytes);
  }

  async #chat(request, response) {
    const chunks = await request.toArray();
    const { type, params } = JSON.parse(Buffer.concat(chunks).toString());
    if (type === "threads.create" || type === "threads.add_user_message") {
      return this.#stream(params, response);
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(this.#result(type, params)));
  }

  #result(type, params) {
    if (type === "items.list") return this.#page(params);
    if (type !== "threads.get_by_id") return { data: [], has_more: false };
    return { ...THREAD, id: params.thread_id, items: { data: [], has_more: false } };
  }

  /** The thread's id says how many messages it has. */
  #page({ thread_id: threadId, limit, after }) {
    const all = messages(Number(threadId.split("_")[1]), threadId).reverse();
    const from = after ? all.findIndex(({ id }) => id === after) + 1 : 0;
    const to = from + (this.pageSize === Infinity ? all.length : Math.min(limit, this.pageSize));
    const data = all.slice(from, to);
    return { data, has_more: to < all.length, after: data.at(-1)?.id };
  }

  async #stream({ thread_id: given, input }, response) {
    const count = ++this.#count;
    const threadId = given ?? `thr_${count}`;
    const write = (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.setHeader("content-type", "text/event-stream");
    const items = { data: [], has_more: false };
    if (!given) write({ type: "thread.created", thread: { ...THREAD, id: threadId, items } });
    const item = { id: `ask_${count}`, thread_id: threadId, created_at: THREAD.created_at };
    const message = { ...item, type: "user_message", ...input };
    write({ type: "thread.item.done", item: message });
    await this.answer.stream(write, threadId, `ans_${count}`);
    response.end();
  }
}
