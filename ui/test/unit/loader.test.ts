// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const ENTRY = "data:text/javascript,globalThis.imported = (globalThis.imported ?? 0) + 1";

declare global {
  var imported: number | undefined;
}

function runAs(script: HTMLScriptElement | null): Promise<unknown> {
  vi.spyOn(document, "currentScript", "get").mockReturnValue(script);
  return import("../../src/loader");
}

function script(): HTMLScriptElement {
  const element = document.createElement("script");
  Object.defineProperty(element, "src", { value: "https://cdn.test/ui/chatkit.js?v=1" });
  element.nonce = "n0nce";
  return element;
}

beforeEach(() => {
  vi.resetModules();
  globalThis.imported = undefined;
  vi.stubGlobal("__ENTRY__", ENTRY);
  vi.stubGlobal("__PRELOADS__", ["./chunks/shared-12345678.js"]);
});

afterEach(() => {
  document.head.replaceChildren();
  vi.unstubAllGlobals();
});

test("imports the element, and what that needs, from where the script came", async () => {
  await runAs(script());
  await vi.waitFor(() => expect(globalThis.imported).toBe(1));

  const [link, ...others] = document.head.querySelectorAll("link");
  expect(others).toEqual([]);
  expect(link).toMatchObject({
    rel: "modulepreload",
    href: "https://cdn.test/ui/chunks/shared-12345678.js",
    nonce: "n0nce",
  });
});

test("says how to load it when it can't tell where it came from", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  await runAs(null);
  expect(said).toHaveBeenCalledWith(expect.stringContaining("import chatkit.mjs"));
  expect(globalThis.imported).toBeUndefined();
});

test("says what did not load", async () => {
  vi.stubGlobal("__ENTRY__", "data:text/javascript,throw new Error('cut')");
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  await runAs(script());
  const complaint = [expect.stringContaining("data:"), expect.any(Error)];
  await vi.waitFor(() => expect(said).toHaveBeenCalledWith(...complaint));
});

test("leaves a tag alone that is defined already", async () => {
  customElements.define("openai-chatkit", class extends HTMLElement {});
  await runAs(script());
  expect(document.head.querySelectorAll("link")).toHaveLength(0);
});
