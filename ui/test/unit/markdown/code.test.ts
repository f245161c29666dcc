// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";

import { growing, rendered, settled } from "./render";

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

const CODE = `def f(x: int):\n    """Say it."""\n    return x  # <b>\n`;

test("code is coloured, and stays the text that it is", async () => {
  const place = rendered(`\`\`\`python\n${CODE}\`\`\`\n`);
  await vi.waitFor(() => expect(place.querySelector(".hl-keyword")).not.toBeNull());
  expect(place.querySelector("code")!.textContent).toBe(CODE.trimEnd());
  expect(place.querySelector(".hl-keyword")!.textContent).toBe("def");
  expect(place.querySelector(".hl-comment")!.textContent).toBe("# <b>");
  expect(place.querySelector(".code-language")!.textContent).toBe("python");
});

test.each([
  ["js", "const a = 1;"],
  ["tsx", "const a = <b />;"],
  ["C++", "int a;"],
  ["sh", "ls # all"],
  ["html", "<a href='b'>c</a>"],
  ["json {3}", '{"a": 1}'],
  ["rs,ignore", "fn a() {}"],
  ["yml", "a: true"],
  ["sql", "select 1"],
])("code labelled %j is coloured", async (label, code) => {
  const place = rendered(`\`\`\`${label}\n${code}\n\`\`\``);
  await vi.waitFor(() => expect(place.querySelector("[class^=hl-]")).not.toBeNull());
  expect(place.querySelector("code")!.textContent).toBe(code);
});

test.each(["", "unknown", "constructor"])("code labelled %j stays plain", async (label) => {
  const place = rendered(`\`\`\`${label}\nlet a;\n\`\`\``);
  await settled();
  expect(place.querySelector("[class^=hl-]")).toBeNull();
  expect(place.querySelector(".code-language")!.textContent).toBe(label || "Code");
});

test("while it grows it stays plain; it is coloured once, when its fence closes", async () => {
  const { place, add } = growing();
  await add("```js\nconst a = 1;\n");
  await add("const b = 2;\n");
  await settled();
  expect(place.querySelector("[class^=hl-]")).toBeNull();
  const changes = vi.fn();
  await add("```\n");
  await vi.waitFor(() => expect(place.querySelectorAll(".hl-keyword")).toHaveLength(2));
  new MutationObserver(changes).observe(place.querySelector(".code")!, {
    subtree: true,
    childList: true,
  });
  for (const delta of ["\nmore", " words", "\n\nand more\n\n", "end"]) await add(delta);
  expect(changes).not.toHaveBeenCalled();
});

test("a fence that is never closed is coloured when the answer is complete", async () => {
  const { place, show, add } = growing();
  await add("- item\n\n  ```js\n  const a = 1;\n");
  show({ streaming: false });
  await vi.waitFor(() => expect(place.querySelector(".hl-keyword")).not.toBeNull());
});

test("long code keeps all of its lines", async () => {
  const lines = Array.from({ length: 131 }, (_, i) => (i % 7 ? `  line ${i}` : ""));
  const { place, add } = growing();
  await add("```\n");
  for (const line of lines) await add(`${line}\n`);
  expect(place.querySelector("code")!.textContent).toBe(lines.join("\n"));
  await add("```\n\nend\n");
  expect(place.querySelector("code")!.textContent).toBe(lines.join("\n"));
});

test("a button copies the code", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  const place = rendered(`\`\`\`\n${"a\n".repeat(50)}\`\`\``);
  const button = place.querySelector("button")!;
  expect(button.getAttribute("aria-label")).toBe("Copy code");
  button.click();
  await vi.waitFor(() => expect(button.getAttribute("aria-label")).toBe("Copied"));
  expect(writeText).toHaveBeenCalledWith("a\n".repeat(50).trimEnd());
});

test("it copies where the page has no clipboard, too", async () => {
  vi.stubGlobal("navigator", {});
  let copied: string | undefined;
  document.execCommand = () => {
    copied = document.querySelector("textarea")?.value;
    return true;
  };
  const place = rendered("```\na\n```");
  const button = place.querySelector("button")!;
  button.click();
  await vi.waitFor(() => expect(button.getAttribute("aria-label")).toBe("Copied"));
  expect(copied).toBe("a");
  expect(document.querySelector("textarea")).toBeNull();
});
