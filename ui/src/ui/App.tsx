import type { ReadonlySignal } from "@preact/signals";

import type { Emit } from "../events";
import type { Options } from "../options";
import type { Chat } from "../state";

/** What the element can ask of its view. The view sets it when it is there. */
export interface View {
  focusComposer: () => void;
}

export interface AppProps {
  chat: Chat;
  options: ReadonlySignal<Options>;
  view: View;
  /** For what only the view knows of: `chatkit.deeplink`. */
  emit: Emit;
}

export function App({ options }: AppProps) {
  return <main>{options.value.startScreen.greeting}</main>;
}
