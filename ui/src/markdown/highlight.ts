/**
 * Syntax highlighting: highlight.js, its core and each language fetched when code in it is shown.
 */

import type { LanguageFn } from "highlight.js";

/** A stretch of code: plain, or what its kind is and what it is made of. */
export type Span = string | { scope?: string; children: Span[] };

/** Beyond so many characters code stays plain: to colour it would hold up the page. */
const LONGEST = 20_000;

type Loader = () => Promise<{ default: LanguageFn }>;

const LOADERS: Record<string, Loader> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  dart: () => import("highlight.js/lib/languages/dart"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  elixir: () => import("highlight.js/lib/languages/elixir"),
  go: () => import("highlight.js/lib/languages/go"),
  graphql: () => import("highlight.js/lib/languages/graphql"),
  haskell: () => import("highlight.js/lib/languages/haskell"),
  http: () => import("highlight.js/lib/languages/http"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  julia: () => import("highlight.js/lib/languages/julia"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  latex: () => import("highlight.js/lib/languages/latex"),
  less: () => import("highlight.js/lib/languages/less"),
  lua: () => import("highlight.js/lib/languages/lua"),
  makefile: () => import("highlight.js/lib/languages/makefile"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  nginx: () => import("highlight.js/lib/languages/nginx"),
  objectivec: () => import("highlight.js/lib/languages/objectivec"),
  perl: () => import("highlight.js/lib/languages/perl"),
  php: () => import("highlight.js/lib/languages/php"),
  powershell: () => import("highlight.js/lib/languages/powershell"),
  protobuf: () => import("highlight.js/lib/languages/protobuf"),
  python: () => import("highlight.js/lib/languages/python"),
  r: () => import("highlight.js/lib/languages/r"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  scala: () => import("highlight.js/lib/languages/scala"),
  scss: () => import("highlight.js/lib/languages/scss"),
  shell: () => import("highlight.js/lib/languages/shell"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  vim: () => import("highlight.js/lib/languages/vim"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

const ALIASES =
  "sh:bash zsh:bash h:c cc:cpp c++:cpp hpp:cpp cs:csharp c#:csharp patch:diff docker:dockerfile " +
  "ex:elixir exs:elixir golang:go gql:graphql hs:haskell toml:ini js:javascript jsx:javascript " +
  "mjs:javascript cjs:javascript node:javascript jsonc:json json5:json jl:julia kt:kotlin " +
  "kts:kotlin tex:latex make:makefile mk:makefile md:markdown objc:objectivec pl:perl ps1:powershell " +
  "ps:powershell pwsh:powershell proto:protobuf py:python python3:python rb:ruby rs:rust " +
  "console:shell shellsession:shell ts:typescript tsx:typescript mts:typescript html:xml svg:xml " +
  "xhtml:xml vue:xml yml:yaml";

const NAMES = new Map([
  ...Object.keys(LOADERS).map((name): [string, string] => [name, name]),
  ...ALIASES.split(" ").map((pair) => pair.split(":") as [string, string]),
]);

/** Colour code; nothing when its language is not known, or the code too long. */
export async function highlight(code: string, label: string): Promise<Span[] | undefined> {
  const language = NAMES.get(label.toLowerCase());
  if (!language || code.length > LONGEST) return undefined;
  const [{ default: hljs }, { default: grammar }] = await Promise.all([
    import("highlight.js/lib/core"),
    LOADERS[language]!(),
  ]);
  if (!hljs.getLanguage(language)) hljs.registerLanguage(language, grammar);
  // The tree that its HTML is made from: of text and of scopes only
  const { _emitter } = hljs.highlight(code, { language, ignoreIllegals: true });
  return (_emitter as unknown as { root: { children: Span[] } }).root.children;
}
