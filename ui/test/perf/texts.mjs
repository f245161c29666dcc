// The texts that are streamed: a mixed answer, and the single blocks that cost the most.

export const TOKEN = 4; // characters
/** The last word of every answer: once it is shown, all is. */
export const END = "quod-erat";

const SENTENCE =
  "The **index** keeps each `term` with its [documents](https://example.com/a), so a query " +
  "reads only what it names, and _nothing_ else; costs stay near 5 ms. ";

const MIXED = [
  "## Part of the answer\n\n",
  `${SENTENCE.repeat(3)}\n\n`,
  "- one item of a list\n- another, with `code`\n  - and one below it\n\n",
  "```python\ndef f(x):\n    return [y for y in x if y]\n```\n\n",
  "| name | value |\n|---|---|\n| a | 1 |\n| b | 2 |\n\n",
  `1. ${SENTENCE}\n2. ${SENTENCE}\n\n> ${SENTENCE}\n\n`,
].join("");

/** By kind: what a text of it begins with, and what it goes on with. */
export const SOURCES = {
  mixed: { head: "", body: MIXED },
  fence: { head: "```js\n", body: "const value = compute(value, 42);\n" },
  list: { head: "", body: "- an item with `code` and **weight**\n" },
  table: { head: "| a | b |\n|---|---|\n", body: "| some cell | another **cell** |\n" },
  paragraph: { head: "", body: SENTENCE },
  item: { head: "- x\n\n  ```\n", body: "  const value = 42;\n" },
};

/**
 * The end of an answer, one token a delta, and the text before it.
 *
 * @param kind One of SOURCES.
 * @param tokens Of the whole answer.
 * @param count Deltas at its end.
 */
export function answer(kind, tokens, count) {
  const { head, body } = SOURCES[kind];
  const length = tokens * TOKEN;
  const all = head + body.repeat(Math.ceil(length / body.length) + 1);
  // After the end of a line the last word is text, and no part of an address
  const end = all.indexOf("\n", length) + 1 || all.length;
  const text = all.slice(0, end);
  const at = text.length - (count - 1) * TOKEN;
  return { prefix: text.slice(0, at), deltas: [...text.slice(at).match(/[^]{1,4}/g), END] };
}

/** A thread of so many messages, half of them answers of about 250 tokens. */
export function messages(count, threadId) {
  const created_at = "2026-01-02T03:04:05Z";
  return Array.from({ length: count }, (_, at) => {
    const item = { id: `msg_${at}`, thread_id: threadId, created_at };
    if (at % 2 === 0) {
      const content = [{ type: "input_text", text: `Question ${at}: what does the index keep?` }];
      return { ...item, type: "user_message", content, attachments: [], inference_options: {} };
    }
    const text = at === count - 1 ? `${MIXED}${END}` : MIXED;
    const content = [{ type: "output_text", text, annotations: [] }];
    return { ...item, type: "assistant_message", content };
  });
}
