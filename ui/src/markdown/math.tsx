import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { t } from "../i18n";
import type { MathToken } from "./tokens";

/** KaTeX, once a formula has been shown. */
const katex = signal<typeof import("./typeset") | undefined>(undefined);
let asked = false;

async function fetchKatex(): Promise<void> {
  asked = true;
  try {
    katex.value = await import("./typeset");
  } catch {
    asked = false; // until then formulas are shown as they are written
  }
}

/** A formula; as it was written while it grows, until KaTeX is here, and when it has an error. */
export function Formula({ token }: { token: MathToken }): JSX.Element {
  const { tex, display, closed } = token;
  if (closed && !asked) void fetchKatex();
  const loaded = closed ? katex.value : undefined;
  const math = useMemo(() => loaded?.typeset(tex, display), [loaded, tex, display]);
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => loaded?.adoptStyles(place.current!), [loaded]);
  const content = math ?? <code class="math-source">{token.raw.trim()}</code>;
  if (!display) {
    return (
      <span class="math" dir="ltr" ref={place}>
        {content}
      </span>
    );
  }
  return (
    <span
      class="math-block"
      dir="ltr"
      ref={place}
      role="group"
      aria-label={t("math.label")}
      tabIndex={0}
    >
      {content}
    </span>
  );
}
