// A page that uses the npm wrapper as its guide says. Bundled once with each React.
import { ChatKit, useChatKit } from "@openai/chatkit-react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const HANDLERS = [
  "onReady",
  "onError",
  "onEffect",
  "onDeeplink",
  "onResponseStart",
  "onResponseEnd",
  "onHistoryOpen",
  "onHistoryClose",
  "onThreadChange",
  "onThreadLoadStart",
  "onThreadLoadEnd",
  "onToolChange",
  "onLog",
];

window.heard = [];

function hear(name) {
  return (detail) => {
    const { error, ...rest } = detail ?? {};
    window.heard.push([name, error ? { error: error.message } : rest]);
  };
}

function Chat() {
  const [more, setMore] = useState({});
  const chat = useChatKit({
    api: { url: "/chatkit", domainKey: "ignored" },
    history: { enabled: true },
    composer: { tools: [{ id: "search", label: "Search", icon: "search" }] },
    onClientTool: ({ name, params }) => ({ place: "Oslo", name, params }),
    ...Object.fromEntries(HANDLERS.map((name) => [name, hear(name)])),
    ...more,
  });
  window.chat = chat;
  window.setMore = setMore;
  return <ChatKit control={chat.control} id="chat" />;
}

createRoot(document.querySelector("main")).render(
  <StrictMode>
    <Chat />
  </StrictMode>,
);
