// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Markdown, StaticMarkdown } from "../../../src/markdown/Markdown";
import { MarkdownDocument } from "../../../src/markdown/stream";
import { TextBuffer } from "../../../src/state/text";
import { useMarkdown } from "../../../src/ui/items/useMarkdown";
import { rendered, settled } from "./render";

let place: HTMLElement;

beforeEach(() => {
  place = document.createElement("div");
  document.body.append(place);
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run));
});

afterEach(() => {
  render(null, place);
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

function Message({ text, done }: { text: TextBuffer; done: boolean }) {
  return <Markdown document={useMarkdown(text, done)} streaming={!done} />;
}

function show(text: TextBuffer, done = false): TextBuffer {
  render(<Message text={text} done={done} />, place);
  return text;
}

const shows = (text: string) => vi.waitFor(() => expect(place.textContent).toBe(text));

test("a message's text is shown at once, and goes on as it grows", async () => {
  let text = show(TextBuffer.of("one **two"));
  expect(place.textContent).toBe("one **two");
  text = show(text.append("** three"));
  await shows("one two three");
  const bold = place.querySelector("strong");
  show(text.append(" four"));
  await shows("one two three four");
  expect(place.querySelector("strong")).toBe(bold);
});

test("a text that does not go on from the one before takes its place", async () => {
  show(TextBuffer.of("one\n\ntwo"));
  const [one] = place.querySelectorAll("p");
  show(TextBuffer.of("one\n\nthree"));
  await shows("onethree");
  expect(place.querySelector("p")).toBe(one);
});

test("what is rendered again while it streams asks for no frame", async () => {
  const document = new MarkdownDocument("one", () => {});
  const frames = vi.fn((run: () => void) => void queueMicrotask(run));
  vi.stubGlobal("requestAnimationFrame", frames);
  for (let times = 0; times < 5; times++) {
    render(<Markdown document={document} onDeeplink={() => {}} streaming />, place);
    await settled().then(settled).then(settled);
  }
  expect(frames.mock.calls.length).toBeLessThanOrEqual(1);
});

test("the last of a text does not wait for a frame", async () => {
  vi.stubGlobal("requestAnimationFrame", () => undefined);
  const text = show(TextBuffer.of("one"));
  show(text.append(" two").append(" three"), true);
  await settled();
  expect(place.textContent).toBe("one two three");
});

test("a text that is complete from the start is shown", () => {
  show(TextBuffer.of("- one"), true);
  expect(place.querySelector("li")!.textContent).toBe("one");
});

test("another static text is another text", () => {
  render(<StaticMarkdown text="*one*" />, place);
  render(<StaticMarkdown text="*two*" />, place);
  expect(place.querySelector("em")!.textContent).toBe("two");
});

test("new callbacks alone render nothing again", async () => {
  const onDeeplink = vi.fn();
  render(
    <StaticMarkdown text="[a](chatkit-link://b)" onDeeplink={() => expect.unreachable()} />,
    place,
  );
  const changes = vi.fn();
  new MutationObserver(changes).observe(place, {
    subtree: true,
    childList: true,
    attributes: true,
  });
  render(<StaticMarkdown text="[a](chatkit-link://b)" onDeeplink={onDeeplink} />, place);
  await settled();
  expect(changes).not.toHaveBeenCalled();
  place.querySelector("a")!.click();
  expect(onDeeplink).toHaveBeenCalledWith({ name: "b" });
});

test("no text is nothing", () => {
  expect(rendered("").querySelector(".markdown")!.childElementCount).toBe(0);
});
