import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Note } from "../../parts/Note";
import type { WidgetEntry } from "../../state";
import type Widget from "../../widgets/Widget";
import { useUi } from "../context";

/** The renderer, once it is there; it is a chunk of its own. */
const renderer = signal<typeof Widget | "failed" | null>(null);

/** A widget of a thread. */
export function WidgetView({ item }: { item: WidgetEntry }) {
  const { chat, options, emit, images } = useUi();
  useEffect(() => void fetchRenderer(), []);
  const Renderer = renderer.value;
  if (Renderer === null) return null;
  if (Renderer === "failed") return <Note text={item.copy_text} />;
  const conversation = chat.conversation.value;
  return (
    <Renderer
      widget={item.widget}
      itemId={item.id}
      plainText={item.copy_text}
      theme={options.value.theme}
      images={images.value}
      isAnswering={conversation.responding.value}
      onAction={(action, itemId) => chat.act(action, itemId)}
      onDeeplink={(link) => emit("chatkit.deeplink", link)}
      onBroken={({ type }, error) =>
        emit("chatkit.log", { name: "widget.broken", data: { type, error: String(error) } })
      }
    />
  );
}

async function fetchRenderer(): Promise<void> {
  if (typeof renderer.peek() === "function") return;
  try {
    const { default: loaded } = await import("../../widgets/Widget");
    renderer.value = loaded; // a function is a value here
  } catch {
    renderer.value = "failed"; // until the next widget tries again
  }
}
