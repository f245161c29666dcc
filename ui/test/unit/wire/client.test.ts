import { describe, expect, test, vi } from "vitest";
import type { ClientOptions, EventStream, StreamedEvent } from "../../../src/wire/client";
import { ChatKitClient } from "../../../src/wire/client";
import { WireError } from "../../../src/wire/errors";
import { messageInput } from "../../../src/wire/params";
import type { ThreadStreamEvent } from "../../../src/wire/types";
import type { Exchange } from "../../fixtures/recordings";
import { isStream, recording, recordings } from "../../fixtures/recordings";
import { frame, refusal, Stream, streamed } from "./answers";

const NOTICE = { type: "notice", level: "info", message: "m" } satisfies ThreadStreamEvent;

function clientOf(answer: typeof fetch, options: Partial<ClientOptions> = {}): ChatKitClient {
  return new ChatKitClient({
    url: "https://chat.test/api",
    fetch: answer,
    pauses: [0, 0],
    ...options,
  });
}

/** A client to which a server gives these answers, one after the other. */
function answered(...answers: (Response | Error)[]) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => {
    const answer = answers.shift();
    if (!answer) throw new Error("There is no answer left.");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { client: clientOf(fetch), fetch };
}

async function all(stream: EventStream): Promise<StreamedEvent[]> {
  const events: StreamedEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

async function failure(work: Promise<unknown>): Promise<WireError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WireError);
  return error as WireError;
}

const whole = ({ status, content_type, body }: Exchange) =>
  new Response(body, { status, headers: { "Content-Type": content_type } });

describe("a request", () => {
  test("carries the headers that servers look at, through the page's fetch", async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () => Response.json({}));
    const client = clientOf(fetch, { locale: "de-AT" });
    await client.deleteThread("thr_1");
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(url).toBe("https://chat.test/api");
    expect(init?.method).toBe("POST");
    expect(init?.headers).toMatchObject({
      "Content-Type": "application/json",
      "Accept-Language": "de-AT",
      "Chatkeep-Live": "1",
    });
  });

  test("goes through the browser's fetch, as it is by then, without one of the page", async () => {
    const client = new ChatKitClient({ url: "https://chat.test/api" });
    const spy = vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ id: "thr_1" }));
    expect(await client.getThread("thr_1")).toEqual({ id: "thr_1" });
    expect(spy).toHaveBeenCalledOnce();
  });

  test("always says which attachments, options and tag data there are", () => {
    const tag = { type: "input_tag", id: "t", text: "@t" } as const;
    expect(messageInput({ content: [tag] })).toEqual({
      content: [{ ...tag, data: {}, interactive: false }],
      attachments: [],
      inference_options: {},
    });
  });
});

describe("every recorded answer", () => {
  const exchanges = recordings.flatMap(({ name, exchanges: all }) =>
    all.map((exchange, index) => [`${name} ${index}: ${exchange.request.type}`, exchange] as const),
  );

  test.each(exchanges.filter(([, exchange]) => isStream(exchange)))(
    "streams: %s",
    async (_name, exchange) => {
      const { client } = answered(whole(exchange));
      const params = { input: messageInput({ content: [] }) };
      const events = await all(client.stream("threads.create", params));
      const sent = exchange.body.match(/^data: .*$/gm)?.map((line) => JSON.parse(line.slice(6)));
      expect(events.map(({ event }) => event)).toEqual(sent);
    },
  );

  test.each(exchanges.filter(([, exchange]) => !isStream(exchange)))(
    "is whole: %s",
    async (_name, exchange) => {
      const { client } = answered(whole(exchange));
      const { type, params } = exchange.request;
      const answer = client.call(type, params);
      if (exchange.status === 200) expect(await answer).toEqual(JSON.parse(exchange.body));
      else {
        const { code, message } = JSON.parse(exchange.body).error;
        expect(await failure(answer)).toMatchObject({ kind: "http", code, told: message });
      }
    },
  );

  test("has ids if the server numbers its events, and none if not", async () => {
    const ids = async (name: string) => {
      const { client } = answered(...recording(name).exchanges.map(whole));
      const params = { input: messageInput({ content: [] }) };
      return (await all(client.stream("threads.create", params))).map(({ id }) => id);
    };
    const turn = "trn_00000000000000000000000000000001";
    expect((await ids("text")).slice(0, 3)).toEqual([`${turn}:0`, `${turn}:1`, `${turn}:2`]);
    expect(new Set(await ids("plain"))).toEqual(new Set([null]));
  });
});

describe("a request that fails", () => {
  test("says when the server can't be reached", async () => {
    const { client } = answered(new TypeError("Failed to fetch"));
    const error = await failure(client.renameThread("thr_1", "x"));
    expect(error).toMatchObject({ kind: "network", code: "network", status: null });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("says how the server refused, in its words and code", async () => {
    const { client } = answered(
      refusal(429, "limit.reached", "Wait a little.", { "Retry-After": "7" }),
    );
    expect(await failure(client.renameThread("thr_1", "x"))).toMatchObject({
      kind: "http",
      status: 429,
      code: "limit.reached",
      told: "Wait a little.",
      retryAfter: 7,
    });
  });

  test("takes nothing for the user from a refusal that isn't ChatKit's", async () => {
    const { client } = answered(new Response("<h1>Traceback</h1>", { status: 413 }));
    const error = await failure(client.renameThread("thr_1", "x"));
    expect(error).toMatchObject({ kind: "http", status: 413, code: "http.413", told: null });
  });

  test.each([
    ["HTML", new Response("<html>", { headers: { "Content-Type": "text/html" } })],
    ["JSON that is no object", Response.json([1])],
  ])("says that what answers isn't ChatKit: %s", async (_name, response) => {
    const { client } = answered(response);
    expect(await failure(client.renameThread("thr_1", "x"))).toMatchObject({
      kind: "content_type",
    });
  });

  test("says so of a stream, too, and lets it go", async () => {
    const stream = new Stream("text/html").write("<html>");
    const { client } = answered(stream.response);
    const error = await failure(all(client.retryAfter("thr_1", "msg_1")));
    expect(error).toMatchObject({ kind: "content_type" });
    expect(stream.isCancelled).toBe(true);
  });

  test("is made again if it only reads and the trouble may pass", async () => {
    const { client, fetch } = answered(
      new TypeError("Failed to fetch"),
      refusal(503, "service.unavailable", ""),
      Response.json({ data: [], has_more: false }),
    );
    expect((await client.listThreads()).data).toEqual([]);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  test("is not made again if that can't help", async () => {
    const { client, fetch } = answered(refusal(404, "not_found", ""));
    expect(await failure(client.getThread("thr_1"))).toMatchObject({ status: 404 });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test.each([
    [
      "a message",
      (client: ChatKitClient) => all(client.addUserMessage("t", messageInput({ content: [] }))),
    ],
    ["a rename", (client: ChatKitClient) => client.renameThread("t", "x")],
    ["feedback", (client: ChatKitClient) => client.sendFeedback("t", ["i"], "positive")],
  ])("is never made again if it may have done its work: %s", async (_name, request) => {
    const { client, fetch } = answered(refusal(502, "bad", ""), Response.json({}));
    expect(await failure(request(client))).toMatchObject({ status: 502 });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

describe("a stream", () => {
  test("gives each event as it comes", async () => {
    const stream = new Stream();
    const { client } = answered(stream.response);
    const events = client.retryAfter("thr_1", "msg_1");
    stream.send(NOTICE);
    expect((await events.next()).value).toEqual({ id: null, event: NOTICE });
    stream.end();
    expect((await events.next()).done).toBe(true);
  });

  test("tells a broken event, and goes on", async () => {
    const { client } = answered(
      streamed(`data: {"type": "noti\n\n${frame(NOTICE)}data: [1]\n\n${frame(NOTICE)}`),
    );
    const onBroken = vi.fn();
    expect(await all(client.retryAfter("thr_1", "msg_1", { onBroken }))).toHaveLength(2);
    expect(onBroken.mock.calls).toEqual([['{"type": "noti'], ["[1]"]]);
  });

  test("says when it broke off, after what had come", async () => {
    const stream = new Stream();
    const { client } = answered(stream.response);
    const events = client.retryAfter("thr_1", "msg_1");
    stream.send(NOTICE);
    await events.next();
    stream.fail();
    expect(await failure(events.next())).toMatchObject({ kind: "cut" });
  });

  test("says once that the server has begun to answer", async () => {
    const stream = new Stream();
    const { client } = answered(stream.response);
    const onOpen = vi.fn();
    const events = client.retryAfter("thr_1", "msg_1", { onOpen });
    const first = events.next();
    await vi.waitFor(() => expect(onOpen).toHaveBeenCalledOnce());
    stream.end();
    expect((await first).done).toBe(true);
  });

  test("ends when it is aborted, even if the page's fetch doesn't listen", async () => {
    const stream = new Stream();
    const { client } = answered(stream.response);
    const abort = new AbortController();
    const events = client.retryAfter("thr_1", "msg_1", { signal: abort.signal });
    stream.send(NOTICE);
    await events.next();
    const next = events.next();
    abort.abort();
    expect(await failure(next)).toMatchObject({ kind: "aborted" });
    expect(stream.isCancelled).toBe(true);
  });

  test("lets the connection go when no one reads on", async () => {
    const stream = new Stream();
    const { client } = answered(stream.response);
    stream.send(NOTICE, NOTICE);
    for await (const _event of client.retryAfter("thr_1", "msg_1")) break;
    expect(stream.isCancelled).toBe(true);
  });
});
