// The page of the element: `subject` is what the measuring drives.

let element;
const find = (selector) => element.shadowRoot.querySelectorAll(selector);

function follow(autoScroll) {
  const history = { enabled: false };
  element.setOptions({ api: { url: "/chatkit" }, history, thread: { autoScroll } });
}

async function start() {
  await customElements.whenDefined("openai-chatkit");
  element = document.createElement("openai-chatkit");
  const ready = new Promise((resolve) => element.addEventListener("chatkit.ready", resolve));
  follow(true); // as the baselines do; what is out of sight costs less
  document.querySelector("main").append(element);
  await ready;
}

globalThis.subject = {
  ready: start(),
  follow,
  clear: () => element.setThreadId(null),
  open: (threadId) => element.setThreadId(threadId),
  send: (text) => void element.sendUserMessage({ text }),
  focus: () => element.focusComposer(),
  answer: () => [...find("article.assistant")].at(-1),
  scroller: () => find(".scroller")[0],
};
