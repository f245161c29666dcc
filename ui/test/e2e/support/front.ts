import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

export interface Sent {
  type: string;
  params: Record<string, unknown>;
}

/**
 * What befalls the answer to a request:
 * - `status`: it is refused, and never reaches the server
 * - `away`: nobody is there
 * - `cut`: it breaks off after so many events, of which the page may see none; `end`: it ends
 *   there as if that were all
 * - `insert`: after so many events, this comes too
 * - `hold`: after so many events, nothing more comes until the promise is kept, which says
 *   whether the rest does
 */
export type Trouble =
  | Refusal
  | { away: true }
  | { cut: number }
  | { end: number }
  | { insert: string; after: number }
  | { hold: Promise<boolean>; after: number };

export interface Upload {
  url: string;
  method: string;
  headers: IncomingMessage["headers"];
  body: string;
}

type Reply = (params: Sent["params"]) => unknown;

interface Refusal {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface Page {
  body: string | Uint8Array;
  type: string;
  policy: boolean;
}

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** A server in front of the real one: it has the test's pages, sees requests, and makes trouble. */
export class Front {
  readonly requests: Sent[] = [];
  /** Files that were sent to an address below /files/. */
  readonly uploads: Upload[] = [];
  /** What the sender of a file is told. */
  uploaded: unknown = {};
  readonly #replies = new Map<string, Reply>();
  readonly #pages = new Map<string, Page>();
  readonly #troubles = new Map<string, { trouble: Trouble; times: number }>();
  #policy = "";

  private constructor(
    readonly origin: string,
    readonly backend: string,
    readonly server: Server,
  ) {
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(backend: string): Promise<Front> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const front = new Front(`http://127.0.0.1:${port}`, backend, server);
    const page = await fetch(`${backend}/`);
    front.#policy = page.headers.get("content-security-policy") ?? "";
    if (!front.#policy) throw new Error("The page of chatkeep serve has no policy.");
    return front;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** Serve a page or a file, under the policy of Chatkeep's own page unless told otherwise. */
  serve(path: string, body: string | Uint8Array, { policy = true } = {}): void {
    const type = TYPES[extname(path)] ?? "text/html; charset=utf-8";
    this.#pages.set(path, { body, type, policy });
  }

  /** Answer requests of a type in the real server's place. */
  reply(type: string, reply: Reply): void {
    this.#replies.set(type, reply);
  }

  /** Make trouble for the next requests of a type. */
  trouble(type: string, trouble: Trouble, times = 1): void {
    this.#troubles.set(type, { trouble, times });
  }

  /** Hold back the next answer to a type of request, after so many events. */
  hold(type: string, after: number): { release: () => void; cut: () => void } {
    let decide = (_goOn: boolean) => {};
    const hold = new Promise<boolean>((resolve) => (decide = resolve));
    this.trouble(type, { hold, after });
    return { release: () => decide(true), cut: () => decide(false) };
  }

  types(): string[] {
    return this.requests.map(({ type }) => type);
  }

  reset(): void {
    this.requests.length = this.uploads.length = 0;
    this.#replies.clear();
    this.#troubles.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = this.#pages.get(request.url!.split("?")[0]!);
    if (page) {
      response.setHeader("content-type", page.type);
      if (page.policy) response.setHeader("content-security-policy", this.#policy);
      response.end(page.body);
      return;
    }
    const body = await read(request);
    if (request.url!.startsWith("/files/")) {
      const { url = "", method = "", headers } = request;
      this.uploads.push({ url, method, headers, body: body.toString() });
      return answerJson(response, 200, this.uploaded);
    }
    const sent = request.url === "/chatkit" ? this.#note(body) : null;
    const trouble = sent && this.#troubleFor(sent);
    const reply = sent && this.#replies.get(sent.type);
    if (trouble && "away" in trouble) request.socket.destroy();
    else if (trouble && "status" in trouble) refuse(response, trouble);
    else if (reply) answerJson(response, 200, reply(sent.params));
    else this.#pass(request, body, response, trouble);
  }

  #note(body: Buffer): Sent | null {
    if (!body.length) return null;
    const sent = JSON.parse(body.toString()) as Sent;
    this.requests.push(sent);
    return sent;
  }

  #troubleFor(sent: Sent): Trouble | null {
    const planned = this.#troubles.get(sent.type);
    if (!planned) return null;
    planned.times -= 1;
    if (planned.times === 0) this.#troubles.delete(sent.type);
    return planned.trouble;
  }

  #pass(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    trouble: Trouble | null,
  ): void {
    const headers = { ...request.headers, host: new URL(this.backend).host };
    const url = this.backend + request.url;
    const upstream = forward(url, { method: request.method, headers }, (answer) => {
      const given = { ...answer.headers };
      if (trouble) delete given["content-length"];
      response.writeHead(answer.statusCode!, given);
      response.flushHeaders();
      if (trouble) void spoil(answer, response, trouble).catch(() => response.destroy());
      else answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    upstream.end(body);
  }
}

async function spoil(answer: IncomingMessage, response: ServerResponse, trouble: Trouble) {
  let rest = "";
  let count = 0;
  if (await reached(response, trouble, count)) return;
  for await (const chunk of answer) {
    rest += String(chunk);
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const frame = rest.slice(0, end + 2);
      rest = rest.slice(end + 2);
      await new Promise<void>((sent) => response.write(frame, () => sent()));
      if (frame.includes("data:")) count += 1;
      else continue;
      if (await reached(response, trouble, count)) return;
    }
  }
  response.end(rest);
}

/** @returns Whether this was the last event. */
async function reached(
  response: ServerResponse,
  trouble: Trouble,
  count: number,
): Promise<boolean> {
  if ("cut" in trouble && count === trouble.cut) return breakOff(response);
  if ("end" in trouble && count === trouble.end) {
    response.end();
    return true;
  }
  if ("insert" in trouble && count === trouble.after) response.write(trouble.insert);
  if ("hold" in trouble && count === trouble.after && !(await trouble.hold)) {
    return breakOff(response);
  }
  return false;
}

function breakOff(response: ServerResponse): true {
  response.socket?.destroySoon();
  return true;
}

function refuse(response: ServerResponse, { status, body = {}, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  answerJson(response, status, body);
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
