/**
 * The state of the element, without a DOM.
 *
 * A view gets a `Chat` (made with `new Controller(options)`), reads its signals
 * and calls its methods; `model.ts` says what each means. The text of a message
 * is a `TextBuffer`: show its `toString()`, or, while it grows, ask it for what
 * came `since` what you have shown, as long as it `continues` that.
 */

export { Controller } from "./controller";
export { Drafts } from "./drafts";
export type * from "./model";
export { TextBuffer } from "./text";
