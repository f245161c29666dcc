import type { ReadonlySignal, Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Emit } from "../events";
import type { Options } from "../options";
import type { ImageRules } from "../parts/images";
import type { Chat } from "../state";

/** What every part of the view may read. */
export interface Ui {
  readonly chat: Chat;
  readonly options: ReadonlySignal<Options>;
  readonly emit: Emit;
  /** Which images are shown in the conversation that is. */
  readonly images: ReadonlySignal<ImageRules>;
  /** Which images are shown in the page's own texts. */
  readonly pageImages: ReadonlySignal<ImageRules>;
  /** What screen readers are to say: see `announce`. */
  readonly status: Signal<string>;
  /**
   * Put the caret into the composer, or into what stands in its place: once what is being done is
   * done, and not where that would bring up a keyboard that nobody asked for.
   */
  readonly returnToComposer: () => void;
}

const UiContext = createContext<Ui | null>(null);

export const UiProvider = UiContext.Provider;

export function useUi(): Ui {
  return useContext(UiContext)!;
}
