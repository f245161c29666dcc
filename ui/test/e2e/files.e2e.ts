import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { Tab } from "./support/browser";
import type { ChatView } from "./support/chat";
import { Stage } from "./support/stage";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const NOTE = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("A note") };
const PICTURE = { name: "dot.png", mimeType: "image/png", buffer: PNG };

let stage: Stage;
let tab: Tab;
let chat: ChatView;

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(() => stage?.strike());

afterEach(() => tab.close());

async function open(strategy: object, more: object = {}): Promise<void> {
  [tab, chat] = await stage.openChat({
    api: { url: "/chatkit", uploadStrategy: strategy },
    composer: { attachments: { enabled: true, ...more } },
  });
}

/** Have the server take files: the real one keeps none yet. */
function takeFiles(method?: "POST" | "PUT"): void {
  let count = 0;
  stage.front.reply("attachments.create", ({ name, mime_type }) => ({
    ...attachment(`atc_${++count}`, String(name), String(mime_type)),
    ...(method && {
      upload_descriptor: { url: `/files/${count}`, method, headers: { "x-key": "k" } },
    }),
  }));
  stage.front.reply("attachments.delete", () => ({}));
}

function attachment(id: string, name: string, mimeType: string) {
  const type = mimeType.startsWith("image/") ? "image" : "file";
  const preview = type === "image" ? { preview_url: "/chatkit/ui/page/icon.svg" } : {};
  return { id, type, name, mime_type: mimeType, ...preview };
}

async function pick(...files: (typeof NOTE)[]): Promise<void> {
  await tab.page.locator("openai-chatkit input[type=file]").setInputFiles(files);
}

function attached(name: string) {
  return tab.page
    .getByRole("list", { name: "Attachments" })
    .locator(".upload.ready")
    .filter({ hasText: name });
}

describe("files", () => {
  test.each(["POST", "PUT"] as const)("go in two phases, by %s", async (method) => {
    await open({ type: "two_phase" });
    takeFiles(method);
    await pick(NOTE);
    await attached("note.txt").waitFor();
    const [upload] = stage.front.uploads;
    expect(upload).toMatchObject({ url: "/files/1", method });
    expect(upload!.headers["x-key"]).toBe("k");
    if (method === "PUT") expect(upload!.body).toBe("A note");
    else expect(upload!.body).toMatch(/name="file"; filename="note\.txt"[^]*A note/);
  });

  test("go directly, and with the message", async () => {
    await open({ type: "direct", uploadUrl: "/files/direct" });
    stage.front.uploaded = attachment("atc_direct", "dot.png", "image/png");
    stage.front.trouble("threads.create", { status: 503 }, 50);
    await pick(PICTURE);
    await attached("dot.png").locator("img").waitFor();
    await chat.write("See this");
    await chat.failure.getByText(/./).first().waitFor();
    const sent = stage.front.requests.find(({ type }) => type === "threads.create");
    expect(sent?.params["input"]).toMatchObject({ attachments: ["atc_direct"] });
    await chat.draftIs("See this");
    await attached("dot.png").waitFor(); // files are part of a draft
  });

  test("are refused when they are too large, too many or of a wrong type", async () => {
    await open(
      { type: "two_phase" },
      { maxSize: 10, maxCount: 2, accept: { "text/plain": [".txt"] } },
    );
    takeFiles("PUT");
    await pick({ ...NOTE, name: "big.txt", buffer: Buffer.alloc(11) });
    await tab.page.getByText(/^big\.txt is larger than/).waitFor();
    await pick(PICTURE);
    await tab.page.getByText("dot.png is of a type that can't be attached here.").waitFor();
    await pick(NOTE, { ...NOTE, name: "2.txt" }, { ...NOTE, name: "3.txt" });
    await tab.page.getByText("Only 2 files can be attached.").waitFor();
  });

  test("that fail to go up can be sent again, and removed", async () => {
    await open({ type: "two_phase" });
    takeFiles("PUT");
    stage.front.trouble("attachments.create", { status: 413 });
    await pick(NOTE);
    await tab.page.getByText("That is too large to send.").waitFor();
    await chat.button("Upload note.txt again").click();
    await attached("note.txt").waitFor();
    await chat.button("Remove note.txt").click();
    await tab.page.getByRole("list", { name: "Attachments" }).waitFor({ state: "detached" });
    await expect.poll(() => stage.front.types()).toContain("attachments.delete");
  });

  test.each(["paste", "drop"] as const)("come by %s", async (kind) => {
    await open({ type: "two_phase" });
    takeFiles("PUT");
    await chat.box.evaluate((box, type) => {
      const data = new DataTransfer();
      data.items.add(new File(["A note"], "note.txt", { type: "text/plain" }));
      const options = { bubbles: true, cancelable: true, composed: true };
      box.dispatchEvent(
        type === "paste"
          ? new ClipboardEvent("paste", { ...options, clipboardData: data })
          : new DragEvent("drop", { ...options, dataTransfer: data }),
      );
    }, kind);
    await attached("note.txt").waitFor();
  });
});
