import type { Annotation, Source } from "../wire/types";

/** What makes two sources the same, whatever else differs. */
export function identity(source: Source): string {
  switch (source.type) {
    case "url":
      return `url ${source.url}`;
    case "file":
      return `file ${source.filename} ${source.title}`;
    case "entity":
      return `entity ${source.id}`;
  }
}

/** The sources that annotations cite, each once, in the order of their numbers. */
export function cited(annotations: readonly Annotation[]): Source[] {
  return [...new Map(annotations.map(({ source }) => [identity(source), source])).values()];
}
