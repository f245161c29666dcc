// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from "vitest";

import { current, onChange, toggle } from "../../../src/page/scheme";

const KEY = "chatkeep.scheme";
const changed = vi.fn();
onChange(changed);

/** What this tab is told when another one has written. */
function written(key: string | null, value: string | null): void {
  if (key === null) localStorage.clear();
  else localStorage.setItem(key, value!);
  dispatchEvent(new StorageEvent("storage", { key, newValue: value }));
}

describe("the color scheme", () => {
  beforeEach(() => {
    written(KEY, "light");
    changed.mockClear();
  });

  test("is the other one when it is toggled, and stays so", () => {
    toggle();
    expect(current()).toBe("dark");
    expect(localStorage.getItem(KEY)).toBe("dark");
    expect(changed).toHaveBeenCalledOnce();
  });

  test("follows another tab", () => {
    written(KEY, "dark");
    expect(current()).toBe("dark");
    expect(changed).toHaveBeenCalledOnce();
    written(null, null); // all is forgotten
    expect(changed).toHaveBeenCalledTimes(2);
  });

  test("doesn't change for what else another tab keeps", () => {
    written("chatkeep.draft", "Hello");
    expect(changed).not.toHaveBeenCalled();
  });
});
