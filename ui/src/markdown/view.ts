import type { ImageRules } from "../parts/images";
import type { Deeplink } from "../parts/links";
import type { Source } from "../wire/types";
import { type Marks, NO_MARKS } from "./place";

/** What the rendering of a text depends on, besides the text. */
export interface Settings {
  readonly images: ImageRules;
  readonly onDeeplink: (link: Deeplink) => void;
  /** Called for a source that is no address. */
  readonly onCite: ((source: Source) => void) | undefined;
}

/** The settings, and the scopes of blocks without citations: the same objects while nothing changes. */
export interface View extends Settings {
  readonly whole: Scope;
  readonly growing: Scope;
}

/** What the rendering of one block depends on. */
export interface Scope {
  readonly view: Settings;
  readonly marks: Marks;
  /** Code whose fence is not closed will not grow any more. */
  readonly complete: boolean;
  /** Within a link, where no other may stand. */
  readonly inLink?: boolean;
}

export function viewOf(settings: Settings): View {
  const scope = (complete: boolean): Scope => ({ view: settings, marks: NO_MARKS, complete });
  return { ...settings, whole: scope(true), growing: scope(false) };
}
