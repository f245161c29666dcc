/**
 * Markdown that nobody would write, from what Markdown is made of: `small` texts with every
 * construct in any place, and `large` ones of blocks that are sealed in parts.
 */

import { seeded } from "./random";

const STARTS = [
  ..."\t - * + _ # ### ``` ```js ~~~ | --- === *** 1 1. - [ ] $$ \\[ \\] [a]: [a]: <div> </div> <!-- --> <pre> </pre> <span>".split(
    " ",
  ),
  ...["", "", "", "- ", "* ", "1. ", "2. ", "3) ", "  - ", "    ", "   ", "> ", "> > ", ">", "# "],
  ...["- [ ] ", "- [x] ", "[b]: /u ", "|---|---|", "|:-:|", "-|-", "'t", '"t', "$$x = ", " "],
];
const WORDS = [
  ..."foo *em* **st st** _u_ `c` ` `` [a] [b][a] [x](y) [ ] ]( ![i](j) <b> </b> < | ~~d~~ ~ $ $x$ $5 $$y$$ \\(z\\) \\* \\".split(
    " ",
  ),
  ...'http://x.y/z_a a@b.co www.a.b <https://q.r> snake_case &amp; &#35; 😀 あいう。えお \'t\' "t" " 1. - = : <!-- [^1] …'.split(
    " ",
  ),
  ...["bar baz", "2 * 3", " | ", "  ", "x  "],
];
const ENDS = ["\n", "\n", "\n", "\n\n", "\n\n", "\n\n\n", "\n \n", ""];
const PLAIN = "lorem ipsum dolor, sit. (amet) the of and foo bar 😀 あいう。えお … [^1] [a]".split(
  " ",
);

type Random = ReturnType<typeof seeded>;

/** A text of a few lines. */
export function small(seed: number): string {
  const random = seeded(seed);
  let text = "";
  for (let line = 4 + (seed % 12); line > 0; line--) {
    text += random.pick(STARTS);
    for (let word = random.below(4); word > 0; word--) {
      text += random.pick(WORDS) + random.pick(["", " "]);
    }
    text += random.pick(ENDS);
  }
  return text;
}

/** A text of a few long blocks. */
export function large(seed: number): string {
  const random = seeded(seed);
  let text = "";
  for (let block = 2 + random.below(3); block > 0; block--) {
    text += random.pick([list, table, fence, paragraph, paragraph])(random);
    text += random.pick(["\n", "\n", "", "\n\n"]);
    text += random.pick(["", "", "[a]: /u\n\n", "[a]: /v 'x'\n", "# head\n"]);
  }
  return text;
}

/** Words, of which one in `rarity` may be anything. */
function words(random: Random, most: number, rarity: number): string {
  const count = 1 + random.below(most);
  const word = () => random.pick(random.below(rarity) ? PLAIN : WORDS);
  return Array.from({ length: count }, word).join(random.pick([" ", " ", " ", "  "]));
}

function lines(random: Random, least: number, line: () => string): string {
  return Array.from({ length: least + random.below(least * 6) }, line).join("");
}

const AFTER_ITEM = [
  ...["\n", "\n", "\n", "\n\n", "\n  cont\n", "\nlazy\n", "\n\n  para\n", "\n- - -\n"],
  ...["\n  - nested\n    - deep\n", "\n  > q\n", "\n  ```\n  code\n  ```\n", "\n\n      code\n"],
  ...["\n[a]: /u\n", "\n   [a]: /x\n"],
];

function list(random: Random): string {
  const bullet = random.pick(["- ", "* ", "1. ", "2) ", "+ "]);
  const task = () => random.pick(["", "", "[ ] ", "[x] "]);
  return lines(random, 3, () => bullet + task() + words(random, 6, 20) + random.pick(AFTER_ITEM));
}

function table(random: Random): string {
  const row = () =>
    `| ${words(random, 3, 200)} | ${words(random, 3, 200)} |${random.pick(["", "", " x |"])}\n`;
  return `| a | b |\n|---|:-:|\n${lines(random, 3, row)}`;
}

function fence(random: Random): string {
  const line = () =>
    `${random.pick(["", "  ", "    "])}${random.pick(["", "a = 1;", "``", "- x", "~~"])}\n`;
  const open = random.pick(["```js\n", "~~~\n", "  ```\n", "````py x\n"]);
  return open + lines(random, 30, line) + random.pick(["```\n", "~~~\n", "````\n", "", "  ```\n"]);
}

function paragraph(random: Random): string {
  const rarity = random.pick([60, 2000, 100000]);
  const end = () => (random.below(30) ? " " : random.pick(["\n", "\n", "  \n", "\\\n", "\n  "]));
  const text = lines(random, 80, () => words(random, 3, rarity) + end()).trimEnd();
  const last = random.pick(["", "\n---", "\n===", "\n# h", "\n- x", "\nh | i\n--|--\na | b"]);
  return `${text}${last}\n`;
}
