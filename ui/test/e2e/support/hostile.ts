import { xss } from "../../fixtures/xss";

/** What would call `xss` if it ever ran: markup, addresses, and attempts to break out. */
const PAYLOADS = [
  "<script>xss()</script>",
  "<img src=x onerror=xss()>",
  "<svg onload=xss()>",
  "<svg><script>xss()</script></svg>",
  "<iframe srcdoc='<script>parent.xss()</script>'></iframe>",
  "<iframe src=javascript:parent.xss()></iframe>",
  "<math><mtext><table><mglyph><style><img src=x onerror=xss()></style></mglyph></table></mtext></math>",
  "<details open ontoggle=xss()><summary>s</summary></details>",
  "<input autofocus onfocus=xss()>",
  "<video><source onerror=xss()></video>",
  "<a href='javascript:xss()'>go</a>",
  "<form action=javascript:xss()><button>go</button></form>",
  "<object data='javascript:xss()'></object>",
  "<embed src='javascript:xss()'>",
  "<base href='javascript:xss()//'>",
  "<style>@import 'javascript:xss()'; * { animation-name: x }</style>",
  "<template><script>xss()</script></template>",
  "<noscript><p title='</noscript><img src=x onerror=xss()>'></noscript>",
  "javascript:xss()",
  "JaVaScRiPt:xss()",
  " javascript:xss()",
  "java\tscript:xss()",
  "&#106;avascript:xss()",
  "&#x6A;avascript&colon;xss()",
  "javascript&NewLine;:xss()",
  "\u0001javascript:xss()",
  "vbscript:xss()",
  "data:text/html,<script>parent.xss()</script>",
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='parent.xss()'/>",
  '//x" onerror="xss()',
  "x' onmouseover='xss()",
  "`${xss()}`",
  "\\href{javascript:xss()}{go}",
  '\\includegraphics[height=1em]{x" onerror="xss()}',
  '\\htmlData{x=1" onclick="xss()}{go}',
];

/** Where it may stand in Markdown. */
const PLACES: ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => `[go](${payload})`,
  (payload) => `[go](<${payload}> "${payload}")`,
  (payload) => `![${payload}](${payload})`,
  (payload) => `[${payload}][r]\n\n[r]: ${payload}`,
  (payload) => `<${payload}>`,
  (payload) => `\`\`\`${payload}\n${payload}\n\`\`\``,
  (payload) => `| a |\n|---|\n| ${payload} |`,
  (payload) => `$$${payload}$$ and $${payload}$`,
  (payload) => `- > # *${payload}*`,
];

/** Answers that want to run in the page that shows them: the corpus, and each payload everywhere. */
export const HOSTILE = [
  ...xss,
  ...PAYLOADS.flatMap((payload) => PLACES.map((place) => place(payload))),
];
