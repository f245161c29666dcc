// The page of the element: `subject` is what the measuring drives.

let element;
const find = (selector) => element.shadowRoot.querySelectorAll(selector);

async function start() {
  await customElements.whenDefined("openai-chatkit");
  element = document.createElement("openai-chatkit");
  const ready = new Promise((resolve) => element.addEventListener("chatkit.ready", resolve));
  element.setOptions({ api: { url: "/chatkit" }, history: { enabled: false } });
  document.querySelector("main").append(element);
  await ready;
}

globalThis.subject = {
  ready: start(),
  clear: () => element.setThreadId(null),
  open: (threadId) => element.setThreadId(threadId),
  send: (text) => void element.sendUserMessage({ text }),
  focus: () => element.focusComposer(),
  answer: () => [...find("article.assistant")].at(-1),
  scroller: () => find(".scroller")[0],
};
