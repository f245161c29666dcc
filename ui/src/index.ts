import { define } from "./define";

define();

export { ChatKitElement } from "./element";
export { define };
export const version = __VERSION__;
