// The page of the baselines, which read the same stream and show each delta as it comes:
//   inner     the whole text through marked, DOMPurify and innerHTML
//   memoised  the text lexed as a whole, and only the blocks that changed made again
//   reading   nothing is shown before the end: what the browser takes to read the stream
// `subject` is what the measuring drives.

import DOMPurify from "dompurify";
import { marked } from "marked";

import { END } from "../texts.mjs";

const NEAR = 48; // px
const main = document.querySelector("main");
const scroller = main.appendChild(document.createElement("div"));
scroller.className = "scroller";
const box = main.appendChild(document.createElement("textarea"));
const name = new URLSearchParams(location.search).get("subject");

function inner(node) {
  return (text) => (node.innerHTML = DOMPurify.sanitize(marked.parse(text)));
}

function memoised(node) {
  const shown = [];
  return (text) => {
    const tokens = marked.lexer(text);
    tokens.forEach((token, i) => {
      if (shown[i] === token.raw) return;
      shown[i] = token.raw;
      const block = node.children[i] ?? node.appendChild(document.createElement("div"));
      block.innerHTML = DOMPurify.sanitize(marked.parser([token]));
    });
    shown.length = tokens.length;
    while (node.children.length > tokens.length) node.lastChild.remove();
  };
}

function reading(node) {
  return (text) => {
    if (text.endsWith(END)) node.textContent = text;
  };
}

const renderer = { inner, memoised, reading }[name];

function article(kind) {
  const node = scroller.appendChild(document.createElement("article"));
  node.className = kind;
  return node;
}

/** Show something more, and stay at the end if that is where the reader is. */
function follow(change) {
  const { scrollHeight, clientHeight, scrollTop } = scroller;
  const isNear = scrollHeight - clientHeight - scrollTop <= NEAR;
  change();
  if (isNear) scroller.scrollTop = scroller.scrollHeight;
}

function post(type, params) {
  return fetch("/chatkit", { method: "POST", body: JSON.stringify({ type, params }) });
}

async function send(text) {
  follow(() => (article("user").textContent = text));
  const render = renderer(article("assistant"));
  let answer = "";
  for await (const { update } of events(await post("threads.create", { input: {} }))) {
    if (!update?.delta) continue;
    answer += update.delta;
    follow(() => render(answer));
  }
}

async function* events({ body }) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const frames = (rest + read.value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) yield JSON.parse(frame.slice("data: ".length));
  }
}

async function open(thread_id) {
  const { data } = await (await post("items.list", { thread_id, limit: 50 })).json();
  for (const { type, content } of data.reverse()) {
    const isUser = type === "user_message";
    if (isUser) article("user").textContent = content[0].text;
    else renderer(article("assistant"))(content[0].text);
  }
  scroller.scrollTop = scroller.scrollHeight;
}

globalThis.subject = {
  ready: Promise.resolve(),
  clear: () => scroller.replaceChildren(),
  open,
  send: (text) => void send(text),
  focus: () => box.focus(),
  answer: () => [...scroller.querySelectorAll(".assistant")].at(-1),
  scroller: () => scroller,
};
