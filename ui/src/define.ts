import { ChatKitElement } from "./element";

const TAG = "openai-chatkit";

/** Register the element; where there is one of that name already, or no DOM, leave it so. */
export function define(): void {
  if (typeof customElements === "undefined" || customElements.get(TAG)) return;
  customElements.define(TAG, ChatKitElement);
}
