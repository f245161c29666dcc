import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Theme } from "../options";
import type { ImageRules } from "../parts/images";
import type { Deeplink } from "../parts/links";
import type { WidgetAction } from "../state";
import type { WidgetNode } from "../wire/types";

import type { Scheme } from "./colors";

/** What the nodes of one widget share. */
interface Surroundings {
  readonly theme: Theme;
  /** Which images are shown: the same object while nothing in it changes. */
  readonly images: ImageRules;
  /** The assistant is answering: the server takes no streamed action meanwhile. */
  readonly isAnswering: boolean;
  /** An action holds the whole widget until it is done. */
  readonly isHeld: boolean;
  readonly hold: (isHeld: boolean) => void;
  /** Do what a node asks; resolves to whether it went well. */
  readonly act: (action: WidgetAction) => Promise<boolean>;
  readonly onDeeplink: (link: Deeplink) => void;
  /** A node could not be shown. */
  readonly onBroken: (node: WidgetNode, error: unknown) => void;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);
export const SchemeContext = createContext<Scheme>("light");

export function useSurroundings(): Surroundings {
  return useContext(SurroundingsContext)!;
}

export function useScheme(): Scheme {
  return useContext(SchemeContext);
}
