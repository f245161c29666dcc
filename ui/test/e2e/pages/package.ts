// A page of a TypeScript project that has the npm package. It is checked, strictly, and bundled.
import {
  ChatKitElement,
  type ChatKitEvents,
  type ChatKitOptions,
  define,
  type OpenAIChatKit,
  version,
  type Widgets,
} from "@chatkeep/ui";
import type {
  OpenAIChatKit as OfficialElement,
  ChatKitOptions as OfficialOptions,
} from "@openai/chatkit";

const options: ChatKitOptions = {
  api: { url: "/chatkit", userId: "ada", fetch: (input, init) => fetch(input, init) },
  images: { allowedDomains: ["img.example"] },
  startScreen: { greeting: `Version ${version}` },
  theme: { colorScheme: "dark", typography: { baseSize: 15 } },
  onClientTool: async ({ name, params }) => ({ name, params }),
};
const official: OfficialOptions = { api: { url: "/chatkit", domainKey: "unused" } };

const chat = document.createElement("openai-chatkit");
chat.setOptions(official);
chat.setOptions(options);
void chat.clearDrafts();
// @ts-expect-error a server is needed
void (() => chat.setOptions({}));
// @ts-expect-error there is no such option
void (() => chat.setOptions({ api: { url: "/chatkit" }, greeting: "Hello" }));

type Details = { [Name in keyof ChatKitEvents]: ChatKitEvents[Name]["detail"] };
const heard: Partial<Details> = {};
chat.addEventListener("chatkit.ready", ({ detail }) => (heard["chatkit.ready"] = detail));
chat.addEventListener("chatkit.error", ({ detail }) => console.error(detail.error.message));
chat.addEventListener("chatkit.thread.change", ({ detail }) => {
  const threadId: string | null = detail.threadId;
  console.info(threadId);
});
// @ts-expect-error there is no such detail
chat.addEventListener("chatkit.tool.change", ({ detail }) => detail.tool);
chat.addEventListener("click", (event) => event.preventDefault);

const shown: ShadowRoot = chat.shadowRoot;
const places: [OpenAIChatKit, OfficialElement] = [chat, chat];
const card: Widgets.Card = { type: "Card", children: [] };
console.assert(
  chat instanceof ChatKitElement && places.length === 2 && card.type === "Card",
  shown,
);

define(); // importing did it: no harm
document.body.append(chat);
