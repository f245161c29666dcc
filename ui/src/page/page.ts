/**
 * The page of `chatkeep serve`. It runs before anything is drawn, so that a dark page is dark
 * from the first moment; the element comes after. The open thread is the address's #fragment.
 */

import type { ChatKitOptions } from "../../index";
import { notice, prompts } from "./prompts";
import { current, onChange, toggle } from "./scheme";

function options(): ChatKitOptions {
  const scheme = current();
  return {
    api: { url: "chatkit" },
    initialThread: threadId(),
    theme: { colorScheme: scheme, radius: "round" },
    header: {
      rightAction: { icon: scheme === "dark" ? "light-mode" : "dark-mode", onClick: toggle },
    },
    startScreen: { prompts: prompts(), ...notice() },
    threadItemActions: { feedback: true, retry: true },
    thread: { autoScroll: true },
  };
}

function threadId(): string | null {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null; // someone's own `#100%`
  }
}

function paintPage(): void {
  document.documentElement.dataset["scheme"] = current();
}

function start(): void {
  const chat = document.querySelector("openai-chatkit")!;
  chat.addEventListener("chatkit.thread.change", ({ detail }) => {
    const fragment = detail.threadId ? `#${encodeURIComponent(detail.threadId)}` : "";
    history.replaceState(null, "", location.pathname + location.search + fragment);
  });
  void customElements.whenDefined("openai-chatkit").then(() => {
    chat.setOptions(options());
    onChange(() => chat.setOptions(options()));
    addEventListener("hashchange", () => void chat.setThreadId(threadId()));
  });
}

function sayThatItFailed(event: Event): void {
  if (!(event.target instanceof HTMLScriptElement)) return;
  const loading = document.querySelector<HTMLElement>("#loading");
  if (!loading) return;
  loading.dataset["failed"] = "";
  loading.textContent = "The chat did not load. Check the connection, then reload the page.";
}

paintPage();
onChange(paintPage);
addEventListener("error", sayThatItFailed, true);
addEventListener("DOMContentLoaded", start);
