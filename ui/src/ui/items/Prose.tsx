import type { Conversation, MessagePart } from "../../state";

/** Markdown that doesn't change: a notice, a disclaimer, a thought. */
export function Prose({ text }: { text: string }) {
  return (
    <div class="prose" dir="auto">
      {text.split(/\n{2,}/).map((paragraph, at) => (
        <p key={at}>{paragraph}</p>
      ))}
    </div>
  );
}

/** Markdown of a message, which may still grow. */
export function GrowingProse({ part }: { part: MessagePart; conversation: Conversation }) {
  return <Prose text={part.text.toString()} />;
}
