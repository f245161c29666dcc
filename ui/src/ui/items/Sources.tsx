import { formatDate, t } from "../../i18n";
import { identity } from "../../markdown/sources";
import { Icon } from "../../parts/icons/Icon";
import { hostName, linkProps, linkTarget } from "../../parts/links";
import type { Source } from "../../wire/types";
import { useUi } from "../context";

import { Disclosure } from "./Disclosure";

interface Props {
  sources: readonly Source[];
  isOpen: boolean;
}

/** The sources of a message, folded, in the order of their numbers. */
export function Sources({ sources, isOpen }: Props) {
  return (
    <Disclosure
      class="sources"
      isOpen={isOpen}
      summary={
        <>
          <Icon name="book-open" size={16} />
          {t("sources.title", { count: sources.length })}
        </>
      }
    >
      <SourceList sources={sources} />
    </Disclosure>
  );
}

export function SourceList({ sources }: { sources: readonly Source[] }) {
  return (
    <ol class="source-list">
      {sources.map((source, at) => (
        <li key={identity(source)}>
          <SourceEntry source={source} number={at + 1} />
        </li>
      ))}
    </ol>
  );
}

function SourceEntry({ source, number }: { source: Source; number: number }) {
  const { emit } = useUi();
  const target = source.type === "url" ? linkTarget(source.url) : undefined;
  const body = (
    <>
      <span class="source-number" aria-hidden="true">
        {number}
      </span>
      <span class="source-words">
        <span class="source-title" dir="auto">
          {source.title || origin(source)}
        </span>
        <span class="source-origin" dir="auto">
          {details(source).join(" · ")}
        </span>
        {source.description && (
          <span class="source-description" dir="auto">
            {source.description}
          </span>
        )}
      </span>
    </>
  );
  if (!target) return <span class="source">{body}</span>;
  return (
    <a class="source" {...linkProps(target, (link) => emit("chatkit.deeplink", link))}>
      {body}
    </a>
  );
}

function details(source: Source): string[] {
  const name = source.title ? origin(source) : "";
  const from = source.description?.includes(name) ? "" : name;
  const when = source.timestamp ? formatDate(source.timestamp) : "";
  return [from, source.group ?? "", when].filter(
    (detail, at, all) => detail !== "" && detail !== source.title && all.indexOf(detail) === at,
  );
}

function origin(source: Source): string {
  if (source.type === "url") return source.attribution || hostName(source.url);
  return source.type === "file" ? source.filename : (source.label ?? "");
}
