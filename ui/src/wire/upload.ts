import type { ChatKitClient } from "./client";
import { lost, refused, WireError } from "./errors";
import { isSameOrigin } from "./origin";
import { mimeType } from "./params";
import type { Attachment } from "./types";

type UploadStrategy =
  | { readonly type: "two_phase" }
  | { readonly type: "direct"; readonly uploadUrl: string };

export interface UploadOptions {
  readonly client: ChatKitClient;
  readonly strategy: UploadStrategy;
  /** The endpoint's address: files that go to its origin go through `fetch`. */
  readonly url: string;
  /** The page's own fetch, which may sign requests. It can't tell progress. */
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1 while the bytes leave. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Called when the endpoint's own origin answers 401. */
  readonly onUnauthorized?: (() => void) | undefined;
  /** Makes requests that tell their progress. */
  readonly xhr?: () => XMLHttpRequest;
}

interface FileRequest {
  readonly url: string;
  readonly method: "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: XMLHttpRequestBodyInit;
}

/**
 * Send a file to the server and return the attachment that it is now.
 *
 * With the page's own `fetch`, files for the page's server go through it, as all
 * requests do. A two-phase upload to another origin does not: what signs our
 * requests must not reach a storage service, which would refuse it besides.
 *
 * Rejects with a `WireError`; what was begun of an attachment is deleted then.
 */
export async function upload(file: File, options: UploadOptions): Promise<Attachment> {
  const { client, strategy, signal } = options;
  if (strategy.type === "direct") {
    const request = multipart(strategy.uploadUrl, file, {});
    return attachment(await send(request, options, options.fetch));
  }
  const created = await client.createAttachment(file, { signal });
  const { upload_descriptor: target, ...ready } = created;
  if (!target) return ready;
  const request: FileRequest =
    target.method === "PUT"
      ? { url: target.url, method: "PUT", headers: putHeaders(target.headers, file), body: file }
      : multipart(target.url, file, target.headers ?? {});
  const through = isSameOrigin(target.url, options.url) ? options.fetch : undefined;
  try {
    await send(request, options, through);
  } catch (error) {
    // No one else knows of it. If it can't be deleted, there is nothing more to be done.
    client.deleteAttachment(ready.id).catch(() => {});
    throw error;
  }
  return ready;
}

function multipart(url: string, file: File, headers: FileRequest["headers"]): FileRequest {
  const body = new FormData();
  body.append("file", file, file.name);
  return { url, method: "POST", headers, body };
}

/** A signed address may insist on a type of its own. */
function putHeaders(
  headers: Readonly<Record<string, string>> | null | undefined,
  file: File,
): FileRequest["headers"] {
  const given = headers ?? {};
  const hasType = Object.keys(given).some((name) => name.toLowerCase() === "content-type");
  return hasType ? given : { ...given, "Content-Type": mimeType(file) };
}

/** Send, by the page's fetch or with progress; return the body of the answer. */
async function send(
  request: FileRequest,
  options: UploadOptions,
  through: typeof fetch | undefined,
): Promise<string> {
  try {
    return await (through
      ? sendByFetch(request, options, through)
      : sendWithProgress(request, options));
  } catch (error) {
    // A storage service's 401 is about its signed address.
    const isOurs = isSameOrigin(request.url, options.url);
    if (isOurs && error instanceof WireError && error.status === 401) options.onUnauthorized?.();
    throw error;
  }
}

async function sendByFetch(
  request: FileRequest,
  { signal }: UploadOptions,
  fetch: typeof globalThis.fetch,
): Promise<string> {
  const { url, ...rest } = request;
  let response: Response;
  try {
    response = await fetch(url, { ...rest, ...(signal ? { signal } : {}) });
  } catch (error) {
    throw lost("network", signal, error);
  }
  if (!response.ok) throw await refused(response);
  return response.text();
}

function sendWithProgress(request: FileRequest, options: UploadOptions): Promise<string> {
  const { signal, onProgress } = options;
  return new Promise((resolve, reject) => {
    const xhr = options.xhr ? options.xhr() : new XMLHttpRequest();
    const end = () => xhr.abort();
    xhr.open(request.method, request.url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress?.(event.loaded / event.total);
    };
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(xhr.responseText);
      else refused(asResponse(xhr)).then(reject, reject);
    };
    xhr.onerror = () => reject(lost("network", signal, undefined));
    xhr.onabort = () => reject(new WireError("aborted", "The request was ended."));
    xhr.onloadend = () => signal?.removeEventListener("abort", end);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) reject(new WireError("aborted", "The request was ended."));
    else xhr.send(request.body);
  });
}

function asResponse(xhr: XMLHttpRequest): Response {
  const retryAfter = xhr.getResponseHeader("Retry-After");
  const headers = retryAfter === null ? {} : { "Retry-After": retryAfter };
  return new Response(xhr.responseText, { status: Math.max(400, xhr.status), headers });
}

/** The attachment that a direct upload answers with. */
function attachment(body: string): Attachment {
  const wrong = (cause?: unknown) =>
    new WireError("content_type", "The upload was not answered with an attachment.", { cause });
  let value: Attachment | null;
  try {
    value = JSON.parse(body) as Attachment | null;
  } catch (error) {
    throw wrong(error);
  }
  if (typeof value?.id !== "string" || typeof value.name !== "string") throw wrong();
  return value;
}
