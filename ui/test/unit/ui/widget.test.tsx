// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { expect, test, vi } from "vitest";

import { normalise } from "../../../src/options";
import type { Chat, WidgetEntry } from "../../../src/state";
import { type Ui, UiProvider } from "../../../src/ui/context";
import { imagesOf } from "../../../src/ui/images";
import { WidgetView } from "../../../src/ui/items/WidgetView";

const widget = {
  type: "Card",
  children: [
    { type: "Button", label: "Book", onClickAction: { type: "book", handler: "client" } },
    { type: "Image", src: "https://elsewhere.example/a.png", alt: "Elsewhere" },
    { type: "Markdown", value: "[Open](chatkit-link://room?number=7)" },
  ],
};

function view() {
  const act = vi.fn(() => Promise.resolve(true));
  const emit = vi.fn();
  const conversation = signal({
    thread: signal({ allowed_image_domains: ["here.example"] }),
    responding: signal(false),
  });
  const options = signal(normalise({ api: { url: "/chatkit" } }).options!);
  const chat = { act, conversation } as unknown as Chat;
  const ui = { chat, options, emit, ...imagesOf(chat, options) } as unknown as Ui;
  const item = { type: "widget", id: "wgt_1", widget, copy_text: null } as unknown as WidgetEntry;
  const host = document.createElement("div");
  document.body.append(host);
  render(
    <UiProvider value={ui}>
      <WidgetView item={item} />
    </UiProvider>,
    host,
  );
  return { host, act, emit };
}

test("a widget of a thread acts through the chat, and keeps to the thread's rules", async () => {
  const { host, act, emit } = view();
  await expect.poll(() => host.querySelector("button")).not.toBeNull();
  host.querySelector("button")!.click();
  await expect.poll(() => act.mock.calls).toHaveLength(1);
  expect(act).toHaveBeenCalledWith(
    expect.objectContaining({ type: "book", handler: "client" }),
    "wgt_1",
  );
  expect(host.querySelector("img")).toBeNull();
  expect(host.textContent).toContain("Elsewhere");
  host.querySelector("a")!.click();
  expect(emit).toHaveBeenCalledWith("chatkit.deeplink", { name: "room", data: { number: "7" } });
});
