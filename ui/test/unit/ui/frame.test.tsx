// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { describe, expect, test, vi } from "vitest";

import { setLocale } from "../../../src/i18n";

import { fakeConversation, thread, userItem } from "./fake";
import { mount } from "./mount";

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe("the header", () => {
  test("shows the thread's title, or the page's own", () => {
    const conversation = fakeConversation([userItem("u", "hi")]);
    const { setOptions, text } = mount({}, conversation);
    expect(text(".header-title")).toBe("A thread");
    setOptions({ header: { title: { text: "Support" } } });
    expect(text(".header-title")).toBe("Support");
  });

  test("has the page's actions, and can be left out", () => {
    const onClick = vi.fn();
    const { click, root, setOptions } = mount({
      header: { rightAction: { icon: "dark-mode", onClick } },
    });
    click("Dark mode");
    expect(onClick).toHaveBeenCalledOnce();
    setOptions({ header: { enabled: false } });
    expect(root.querySelector(".header")).toBeNull();
  });

  test.each(["constructor", "toString", "__proto__"])("an icon called %s is none", async (icon) => {
    const header = { rightAction: { icon: icon as "home", onClick: () => {} } };
    const { hasButton, root } = mount({ header });
    await import("../../../src/parts/icons/more");
    await act(async () => {});
    expect(hasButton("Chat history")).toBe(true);
    const button = root.querySelector(".header .icon-button:last-child")!;
    expect(button.querySelector("path")).toBeNull();
    expect(button.getAttribute("aria-label")!.toLowerCase()).toBe(icon.toLowerCase());
  });

  test("begins a new thread", () => {
    const { calls, click } = mount();
    click("New chat");
    expect(calls).toEqual(["openThread(null)"]);
  });

  test("without history there is no button for it", () => {
    expect(mount({ history: { enabled: false } }).hasButton("Chat history")).toBe(false);
  });
});

describe("history", () => {
  const opened = (history = {}) => {
    const view = mount({ history });
    act(() => {
      view.chat.history.threads.value = [
        thread("t1", "Fjords", ago(0)),
        thread("t2", null, ago(1)),
        thread("t3", "Elk", ago(300)),
      ];
    });
    view.click("Chat history");
    return view;
  };

  test("lists threads by age in a dialog, and the rest can't be reached meanwhile", () => {
    const { all, root } = opened();
    expect(all(".history h3").map((heading) => heading.textContent)).toEqual([
      "Today",
      "Yesterday",
      "Older",
    ]);
    expect(all(".history-title").map((title) => title.textContent)).toEqual([
      "Fjords",
      "New chat",
      "Elk",
    ]);
    expect(root.querySelector<HTMLElement>(".main")!.inert).toBe(true);
    expect(root.querySelector("[role=dialog]")!.contains(root.activeElement)).toBe(true);
  });

  test("opens a thread and closes; Escape closes too", () => {
    const one = opened();
    one.click("Elk");
    expect(one.calls).toEqual(['openThread("t3")']);
    expect(one.root.querySelector("[role=dialog]")).toBeNull();
    const other = opened();
    other.press(other.root.querySelector("[role=dialog]")!, "Escape");
    expect(other.root.querySelector("[role=dialog]")).toBeNull();
  });

  test("renames in the list", () => {
    const { calls, click, root, type } = opened();
    click("Rename Fjords");
    expect((root.activeElement as HTMLInputElement).value).toBe("Fjords");
    type("Glaciers", root.querySelector<HTMLInputElement>(".rename input")!);
    act(() => root.querySelector<HTMLFormElement>(".rename")!.requestSubmit());
    expect(calls).toEqual(['rename("t1","Glaciers")']);
  });

  test("Escape while renaming keeps the title, and the list open", () => {
    const { calls, click, press, root, text } = opened();
    click("Rename Fjords");
    press(root.querySelector<HTMLInputElement>(".rename input")!, "Escape");
    expect(calls).toEqual([]);
    expect(text(".history-title")).toBe("Fjords");
  });

  test("gives the focus back to what opened it, or to the composer of the thread chosen", async () => {
    const { box, button, click, root } = opened();
    click("Close history");
    button("Chat history").focus();
    click("Chat history");
    click("Close history");
    await vi.waitFor(() => expect(root.activeElement).toBe(button("Chat history")));
    click("Chat history");
    click("Elk");
    await vi.waitFor(() => expect(root.activeElement).toBe(box()));
  });

  test("deletes only after a question", () => {
    const { calls, click } = opened();
    click("Delete Elk");
    expect(calls).toEqual([]);
    click("Cancel");
    click("Delete Elk");
    click("Delete");
    expect(calls).toEqual(['remove("t3")']);
  });

  test("the focus stays in the list when a thread is deleted", () => {
    const { click, root } = opened();
    const focused = () => root.activeElement!.textContent;
    click("Delete Fjords");
    click("Delete");
    expect(focused()).toBe("New chat");
    click("Delete Elk"); // the last one
    click("Delete");
    expect(focused()).toBe("New chat");
  });

  test("says of what failed that it did, not that an answer failed", () => {
    const { chat, text } = opened();
    const common = { code: "http", message: null, retryAfter: null, retry: null };
    const failed = (status: number) =>
      act(() => void (chat.history.failure.value = { ...common, kind: "http", status }));
    failed(500);
    expect(text("[role=dialog] [role=alert]")).toBe("That didn't work.");
    failed(401);
    expect(text("[role=dialog] [role=alert]")).toContain("not signed in");
  });

  test("renaming and deleting can be left out", () => {
    const { hasButton } = opened({ showDelete: false, showRename: false });
    expect(hasButton("Rename Fjords")).toBe(false);
    expect(hasButton("Delete Fjords")).toBe(false);
  });

  test("the focus stays where older threads were asked for, and Escape still closes", async () => {
    const { button, calls, chat, click, press, root } = opened();
    const { hasMore, status, threads } = chat.history;
    act(() => void (hasMore.value = true));
    const more = button("Show older chats");
    more.focus();
    click("Show older chats");
    act(() => void (status.value = "loading"));
    expect(root.activeElement).toBe(more);
    expect(more.getAttribute("aria-disabled")).toBe("true");
    click("Show older chats");
    expect(calls).toEqual(["loadMore"]);
    act(() => {
      status.value = "idle";
      hasMore.value = false;
      threads.value = [...threads.value, thread("t4", "Older still", ago(400))];
    });
    expect(root.activeElement!.textContent).toBe("Older still");
    press(root.activeElement as HTMLElement, "Escape");
    expect(root.querySelector("[role=dialog]")).toBeNull();
  });

  test("the focus stays where a failure was tried again", () => {
    const { button, chat, click, root } = opened();
    const { failure, status } = chat.history;
    const retry = vi.fn(() => {
      failure.value = null;
      status.value = "loading";
    });
    const common = { code: "http", message: null, status: 500, retryAfter: null } as const;
    act(() => {
      failure.value = { ...common, kind: "http", retry };
      status.value = "failed";
    });
    const again = button("Try again");
    again.focus();
    click("Try again");
    expect(root.activeElement).toBe(again);
    click("Try again");
    expect(retry).toHaveBeenCalledOnce();
    act(() => void (status.value = "idle"));
    expect(root.querySelector("[role=dialog]")!.contains(root.activeElement)).toBe(true);
    expect(root.querySelector("[role=alert] .card-note")).toBeNull();
  });

  test("older threads come when asked for", () => {
    const { calls, chat, click } = opened();
    act(() => void (chat.history.hasMore.value = true));
    click("Show older chats");
    expect(calls).toEqual(["loadMore"]);
  });
});

describe("around it all", () => {
  test("the region has the page's name for it", () => {
    const { root } = mount({ frameTitle: "Ask us" });
    expect(root.querySelector("[role=region]")!.getAttribute("aria-label")).toBe("Ask us");
  });

  test("the disclaimer is Markdown", () => {
    const { root } = mount({ disclaimer: { text: "See [terms](https://example.org/terms)." } });
    expect(root.querySelector<HTMLAnchorElement>(".disclaimer a")!.href).toBe(
      "https://example.org/terms",
    );
  });

  test("another language changes all words, and where they begin", async () => {
    const { box, root, setOptions } = mount();
    setOptions({ locale: "ar" });
    await vi.waitFor(() => expect(root.querySelector(".app")!.getAttribute("dir")).toBe("rtl"));
    expect(box().getAttribute("aria-label")).toBe("الرسالة");
    await setLocale("en");
  });
});
