import { afterEach, describe, expect, test, vi } from "vitest";
import { ChatKitClient } from "../../../src/wire/client";
import type { UploadOptions } from "../../../src/wire/upload";
import { upload } from "../../../src/wire/upload";
import { refusal } from "./answers";

const API = "https://chat.test/api";
const ATTACHMENT = { type: "file", id: "atc_1", name: "a.txt", mime_type: "text/plain" };
const file = new File(["hello"], "a.txt", { type: "text/plain" });

/** As much of XMLHttpRequest as uploads need. It is answered by the test. */
class FakeXhr {
  static readonly made: FakeXhr[] = [];
  readonly upload: { onprogress?: (event: object) => void } = {};
  readonly headers: Record<string, string> = {};
  method = "";
  url = "";
  body: unknown;
  status = 0;
  responseText = "";
  retryAfter: string | null = null;
  onload = () => {};
  onerror = () => {};
  onabort = () => {};
  onloadend = () => {};

  constructor() {
    FakeXhr.made.push(this);
  }
  open(method: string, url: string) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  getResponseHeader() {
    return this.retryAfter;
  }
  send(body: unknown) {
    this.body = body;
  }
  abort() {
    this.onabort();
    this.onloadend();
  }
  progress(loaded: number, total: number) {
    this.upload.onprogress?.({ lengthComputable: true, loaded, total });
  }
  answer(status: number, body: unknown = "") {
    this.status = status;
    this.responseText = typeof body === "string" ? body : JSON.stringify(body);
    this.onload();
    this.onloadend();
  }
}

const xhr = () => new FakeXhr() as unknown as XMLHttpRequest;
const sent = () => vi.waitFor(() => FakeXhr.made.at(-1) ?? expect.fail("nothing was sent"));

afterEach(() => {
  FakeXhr.made.length = 0;
});

function begin(
  strategy: UploadOptions["strategy"],
  more: Partial<UploadOptions> = {},
  created = {},
) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () =>
    Response.json({ ...ATTACHMENT, ...created }),
  );
  const client = new ChatKitClient({ url: API, fetch });
  const work = upload(file, { client, strategy, url: API, xhr, ...more });
  work.catch(() => {});
  return { work, fetch };
}

const DIRECT = { type: "direct", uploadUrl: "https://chat.test/upload" } as const;
const TWO_PHASE = { type: "two_phase" } as const;

async function formFile(body: unknown): Promise<[string, string]> {
  const found = (body as FormData).get("file") as File;
  return [found.name, await found.text()];
}

describe("a direct upload", () => {
  test("posts the file as a form, tells its progress, and gives the attachment", async () => {
    const onProgress = vi.fn();
    const { work } = begin(DIRECT, { onProgress });
    const request = await sent();
    expect([request.method, request.url]).toEqual(["POST", DIRECT.uploadUrl]);
    expect(await formFile(request.body)).toEqual(["a.txt", "hello"]);
    request.progress(1, 4);
    request.progress(4, 4);
    request.answer(200, ATTACHMENT);
    expect(await work).toEqual(ATTACHMENT);
    expect(onProgress.mock.calls).toEqual([[0.25], [1]]);
  });

  test("goes through the page's own fetch, which may sign it", async () => {
    const signing = vi.fn<typeof globalThis.fetch>(async () => Response.json(ATTACHMENT));
    const { work } = begin(DIRECT, { fetch: signing });
    expect(await work).toEqual(ATTACHMENT);
    expect(signing.mock.calls[0]?.[0]).toBe(DIRECT.uploadUrl);
    expect(await formFile(signing.mock.calls[0]?.[1]?.body)).toEqual(["a.txt", "hello"]);
    expect(FakeXhr.made).toEqual([]);
  });

  test("says how it was refused", async () => {
    const { work } = begin(DIRECT);
    const request = await sent();
    request.retryAfter = "9";
    request.answer(413, { error: { code: "file.too_large", message: "At most 3 MB." } });
    await expect(work).rejects.toMatchObject({
      kind: "http",
      status: 413,
      code: "file.too_large",
      told: "At most 3 MB.",
      retryAfter: 9,
    });
  });

  test("says how it was refused through the page's fetch", async () => {
    const { work } = begin(DIRECT, {
      fetch: async () => refusal(401, "auth.required", "Sign in."),
    });
    await expect(work).rejects.toMatchObject({ kind: "http", status: 401, told: "Sign in." });
  });

  test.each([
    ["/upload", true],
    [API, true],
    ["https://chat.test/elsewhere", true],
    ["https://storage.test/upload", false],
  ])("to %s that is answered with 401 says so of the user: %s", async (uploadUrl, does) => {
    for (const fetch of [undefined, async () => refusal(401, "", "")]) {
      const onUnauthorized = vi.fn();
      vi.stubGlobal("location", { href: "https://chat.test/page" });
      const { work } = begin({ type: "direct", uploadUrl }, { fetch, onUnauthorized });
      if (!fetch) (await sent()).answer(401, {});
      await expect(work).rejects.toMatchObject({ status: 401 });
      expect(onUnauthorized).toHaveBeenCalledTimes(does ? 1 : 0);
      vi.unstubAllGlobals();
    }
  });

  test("says when the server can't be reached", async () => {
    const { work } = begin(DIRECT);
    (await sent()).onerror();
    await expect(work).rejects.toMatchObject({ kind: "network" });
  });

  test.each(["<html>", "{}", "null"])(
    "says when what answers gives no attachment: %s",
    async (body) => {
      const { work } = begin(DIRECT);
      (await sent()).answer(200, body);
      await expect(work).rejects.toMatchObject({ kind: "content_type" });
    },
  );

  test("ends when it is aborted, and begins not at all if it was before", async () => {
    const abort = new AbortController();
    const { work } = begin(DIRECT, { signal: abort.signal });
    await sent();
    abort.abort();
    await expect(work).rejects.toMatchObject({ kind: "aborted" });
    const again = begin(DIRECT, { signal: abort.signal });
    await expect(again.work).rejects.toMatchObject({ kind: "aborted" });
    expect(FakeXhr.made.at(-1)?.body).toBeUndefined();
  });
});

describe("an upload in two phases", () => {
  const to = (method: string, url: string, headers?: object) => ({
    upload_descriptor: { method, url, ...(headers ? { headers } : {}) },
  });

  test("announces the file, then posts it where the server says", async () => {
    const target = to("POST", "https://files.test/put", { "X-Signature": "s" });
    const { work, fetch } = begin(TWO_PHASE, {}, target);
    const request = await sent();
    expect(JSON.parse(String(fetch.mock.calls[0]?.[1]?.body))).toEqual({
      type: "attachments.create",
      params: { name: "a.txt", size: 5, mime_type: "text/plain" },
    });
    expect([request.method, request.url]).toEqual(["POST", "https://files.test/put"]);
    expect(request.headers).toEqual({ "X-Signature": "s" });
    expect(await formFile(request.body)).toEqual(["a.txt", "hello"]);
    request.answer(204);
    expect(await work).toEqual(ATTACHMENT);
  });

  test("puts the bare bytes where the server says so, with their type", async () => {
    const { work } = begin(TWO_PHASE, {}, to("PUT", "https://files.test/put"));
    const request = await sent();
    expect(request.method).toBe("PUT");
    expect(request.headers).toEqual({ "Content-Type": "text/plain" });
    expect(request.body).toBe(file);
    request.answer(200, "<ok/>");
    expect(await work).toEqual(ATTACHMENT);
  });

  test("keeps a type that the server signed", async () => {
    const signed = { "content-type": "application/octet-stream" };
    const { work } = begin(TWO_PHASE, {}, to("PUT", "https://files.test/put", signed));
    const request = await sent();
    expect(request.headers).toEqual(signed);
    request.answer(200);
    await work;
  });

  test("shows the page's fetch to the page's server only", async () => {
    const signing = vi.fn<typeof globalThis.fetch>(async () => Response.json({}));
    const home = begin(TWO_PHASE, { fetch: signing }, to("PUT", "https://chat.test/files/1"));
    await home.work;
    expect(signing).toHaveBeenCalledOnce();
    const abroad = begin(TWO_PHASE, { fetch: signing }, to("PUT", "https://files.test/put"));
    (await sent()).answer(200);
    await abroad.work;
    expect(signing).toHaveBeenCalledOnce();
  });

  test("is done at once if there is nowhere to send the file", async () => {
    expect(await begin(TWO_PHASE).work).toEqual(ATTACHMENT);
    expect(FakeXhr.made).toEqual([]);
  });
});
