import { expect, test } from "vitest";
import { ChatKitClient } from "../../../src/wire/client";
import { messageInput } from "../../../src/wire/params";
import type { LooseContent } from "../../../src/wire/types";
import { streamed } from "./answers";

const text: LooseContent = { type: "input_text", text: "Hello 🌧" };
const bareTag: LooseContent = { type: "input_tag", id: "tag_1", text: "@Ada" };
const fullTag: LooseContent = { ...bareTag, data: { a: "b" }, group: "People", interactive: true };
const bare = messageInput({ content: [text] });
const full = messageInput({
  content: [text, bareTag, fullTag],
  attachmentIds: ["atc_1"],
  quotedText: "You said",
  toolChoice: { id: "search" },
  model: "large",
});
const answers = { one: { values: ["red"], skipped: false }, two: { values: [], skipped: true } };
const file = new File(["abc"], "notes.md", { type: "text/markdown" });
const untyped = new File(["abc"], "notes");
const action = { type: "book", payload: { room: 7, tags: ["a"] } };

/** Each request in each of its shapes. */
async function makeAll(client: ChatKitClient): Promise<void> {
  await client.createThread(bare).next();
  await client.createThread(full).next();
  await client.addUserMessage("thr_1", bare).next();
  await client
    .addUserMessage("thr_1", messageInput({ content: [], attachmentIds: ["atc_1"] }))
    .next();
  await client.addToolOutput("thr_1", { city: "Oslo" }).next();
  await client.addToolOutput("thr_1", null).next();
  await client.addStructuredInput("thr_1", "sin_1", { status: "answered", answers }).next();
  await client.addStructuredInput("thr_1", "sin_1", { status: "skipped", answers: {} }).next();
  await client.retryAfter("thr_1", "msg_1").next();
  await client.customAction("thr_1", action, "wgt_1").next();
  await client.customAction("thr_1", { type: "wave" }, null).next();
  await client.syncAction("thr_1", action, "wgt_1");
  await client.syncAction("thr_1", { type: "wave" }, null);
  await client.getThread("thr_1");
  await client.listThreads();
  await client.listThreads({ limit: 30, after: "thr_1", order: "asc" });
  await client.listItems("thr_1");
  await client.listItems("thr_1", { limit: 50, after: "msg_1" });
  await client.renameThread("thr_1", "A title");
  await client.deleteThread("thr_1");
  await client.stop("thr_1");
  await client.sendFeedback("thr_1", ["msg_1", "msg_2"], "negative");
  await client.createAttachment(file);
  await client.createAttachment(untyped);
  await client.deleteAttachment("atc_1");
  // No method makes this one yet: dictation comes later.
  const recording = { audio_base64: "AAAA", mime_type: "audio/webm;codecs=opus" };
  await client.call("input.transcribe", recording);
}

/**
 * The samples are a file, which tests/unit/ui/test_contract.py validates against
 * the Python models. `vitest run -u` writes it anew.
 */
test("all that the client can ask for is in the samples", async () => {
  const bodies: unknown[] = [];
  const isStream = /create$|add_|retry|threads\.custom/;
  const client = new ChatKitClient({
    url: "https://chat.test/",
    fetch: async (_url, init) => {
      const body = JSON.parse(String(init?.body));
      bodies.push(body);
      const streams = isStream.test(body.type) && !body.type.startsWith("attachments");
      return streams ? streamed("") : Response.json({});
    },
  });
  await makeAll(client);
  const samples = bodies.map((body) => ` ${JSON.stringify(body)}`).join(",\n");
  await expect(`[\n${samples}\n]\n`).toMatchFileSnapshot("../../fixtures/requests.json");
});
