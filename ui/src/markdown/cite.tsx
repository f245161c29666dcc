import type { JSX } from "preact";

import { t } from "../i18n";
import { linkProps, linkTarget } from "../parts/links";
import type { Cite } from "./place";
import type { Settings } from "./view";

/** The mark of a citation in a text: the number of its source, which leads there if it can. */
export function CiteMark({ cite, view }: { cite: Cite; view: Settings }): JSX.Element {
  const { source, number } = cite;
  const label = t("sources.cite", { number, title: source.title });
  const shown = (source.type === "entity" && source.inline_label) || number;
  const target = source.type === "url" ? linkTarget(source.url) : undefined;
  const look = { class: "cite", title: source.title, "aria-label": label };
  if (target) {
    return (
      <a {...linkProps(target, view.onDeeplink)} {...look}>
        {shown}
      </a>
    );
  }
  if (view.onCite) {
    return (
      <button {...look} type="button" onClick={() => view.onCite?.(source)}>
        {shown}
      </button>
    );
  }
  return (
    <span {...look} role="img">
      {shown}
    </span>
  );
}
