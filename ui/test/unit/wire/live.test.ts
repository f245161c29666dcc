import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { ChatKitClient } from "../../../src/wire/client";
import { WireError } from "../../../src/wire/errors";

interface Server {
  /** Does it allow requests of other origins to have our header? */
  readonly allows: boolean;
  isAway?: boolean;
}

let hosts = 0;

beforeEach(() => vi.stubGlobal("location", new URL("https://page.test/")));
afterEach(() => vi.unstubAllGlobals());

/** A client of a new host, what a browser would let through to it, and what arrived there. */
function clientOf(server: Server, url = `https://chat${++hosts}.test/api`) {
  const arrived: { type: string; live: boolean }[] = [];
  const fetch = async (_: unknown, init?: RequestInit) => {
    const live = "Chatkeep-Live" in (init!.headers as object);
    if (server.isAway || (live && !server.allows)) throw new TypeError("Failed to fetch");
    arrived.push({ type: JSON.parse(init!.body as string).type, live });
    return Response.json({ data: [], has_more: false });
  };
  const client = new ChatKitClient({ url, fetch, pauses: [] });
  return { client, arrived, url };
}

describe("a server of another origin", () => {
  test("that allows our header gets it", async () => {
    const { client, arrived } = clientOf({ allows: true });
    await client.deleteThread("thr_1");
    expect(arrived).toEqual([{ type: "threads.delete", live: true }]);
  });

  test("that doesn't allow it is asked without, once and for all", async () => {
    const server = { allows: false };
    const { client, arrived, url } = clientOf(server);
    await client.deleteThread("thr_1");
    expect(arrived).toEqual([
      { type: "threads.list", live: false },
      { type: "threads.delete", live: false },
    ]);
    const later = clientOf(server, url);
    await later.client.deleteThread("thr_2");
    expect(later.arrived).toEqual([{ type: "threads.delete", live: false }]);
  });

  test("that is away is not taken for one that doesn't allow it", async () => {
    const server: Server = { allows: true, isAway: true };
    const { client, arrived } = clientOf(server);
    await expect(client.deleteThread("thr_1")).rejects.toThrow(WireError);
    server.isAway = false;
    await client.deleteThread("thr_1");
    expect(arrived).toEqual([{ type: "threads.delete", live: true }]);
  });

  test("that took it, and then loses a request, is not sent the request again", async () => {
    const server: Server = { allows: true };
    const { client, arrived } = clientOf(server);
    await client.listThreads();
    server.isAway = true;
    await expect(client.deleteThread("thr_1")).rejects.toThrow(WireError);
    server.isAway = false;
    expect(arrived).toEqual([{ type: "threads.list", live: true }]);
  });
});

test("the page's own server is asked once, whatever comes of it", async () => {
  const server: Server = { allows: false };
  const { client, arrived } = clientOf(server, "/chatkit");
  await expect(client.deleteThread("thr_1")).rejects.toThrow(WireError);
  expect(arrived).toEqual([]);
});
