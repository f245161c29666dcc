/**
 * LaTeX to nodes. KaTeX makes a tree, twice: of spans, which look the same everywhere, and of
 * MathML, which screen readers read. Of these trees come the elements and attributes that are
 * named here, as nodes: KaTeX writes no markup.
 */

import katex, { type KatexOptions } from "katex";
import { type ComponentChildren, createElement } from "preact";

import { registerFonts } from "./mathfonts";

export { adoptStyles } from "./mathfonts";

/** What KaTeX's trees are made of; its types leave them out. */
interface Tree {
  /** The element, in MathML. */
  type?: string;
  text?: string;
  /** Of a space in MathML. */
  character?: string | null;
  width?: number | string;
  /** Of a symbol: how far it leans over what follows, in ems. */
  italic?: number;
  classes?: string[];
  style?: Record<string, string>;
  attributes?: Record<string, string>;
  children?: Tree[];
  /** Of a path in SVG. */
  pathName?: string;
  toMarkup?: () => string;
}

const { __renderToDomTree: treeOf } = katex as unknown as {
  __renderToDomTree(tex: string, options: KatexOptions): Tree;
};

const MATHML = new Set(
  (
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover " +
    "munderover mtable mtr mtd mstyle mpadded mphantom menclose"
  ).split(" "),
);
const ATTRIBUTES = new Set(
  (
    "accent accentunder aria-hidden columnalign depth display displaystyle fence height largeop " +
    "linethickness lspace mathvariant movablelimits notation preserveAspectRatio rspace " +
    "scriptlevel separator stretchy stroke-width viewBox width x1 x2 y1 y2"
  ).split(" "),
);

const OPTIONS: KatexOptions = {
  output: "htmlAndMathml",
  strict: "ignore",
  throwOnError: true,
  trust: false,
  maxExpand: 500,
  maxSize: 20, // ems
};

registerFonts();

/** The nodes for a formula, or nothing when it is none. */
export function typeset(tex: string, displayMode: boolean): ComponentChildren {
  try {
    return node(treeOf(tex, { ...OPTIONS, displayMode }));
  } catch {
    return undefined; // not LaTeX, or more of it than KaTeX knows
  }
}

function node(tree: Tree): ComponentChildren {
  if (tree.text !== undefined) return tree.classes ? symbol(tree) : tree.text;
  if (tree.pathName) return <path d={/ d=["']([^"']*)/.exec(tree.toMarkup!())?.[1]} />;
  if (tree.type) return mathml(tree);
  const { attributes, classes, children } = tree;
  if (classes && attributes) return <span {...look(tree)}>{children?.map(node)}</span>;
  if (classes) return children?.map(node); // no more than a group
  if (attributes) return children ? svg(tree) : <line {...allowed(tree)} />;
  return tree.character ?? <mspace width={`${tree.width}em`} />;
}

function symbol(tree: Tree): ComponentChildren {
  const { text, classes = [], style = {}, italic = 0 } = tree;
  if (classes.length === 0 && Object.keys(style).length === 0 && !italic) return text;
  const lean = italic > 0 ? { marginRight: `${italic}em` } : undefined;
  return <span {...look({ ...tree, style: { ...lean, ...style } })}>{text}</span>;
}

/** MathML, without what says again in TeX what the rest says. */
function mathml(tree: Tree): ComponentChildren {
  const { type = "", children = [] } = tree;
  if (type === "semantics") return children[0] && node(children[0]);
  return MATHML.has(type) ? createElement(type, allowed(tree), children.map(node)) : null;
}

function svg(tree: Tree): ComponentChildren {
  const width = /^width:([\d.]+em)$/.exec(tree.attributes?.["style"] ?? "")?.[1];
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: what KaTeX draws is hidden, beside the MathML
    <svg {...allowed(tree)} style={width && { width }}>
      {tree.children?.map(node)}
    </svg>
  );
}

function look(tree: Tree): Record<string, unknown> {
  const classes = tree.classes?.filter(Boolean).join(" ");
  const styles = Object.entries(tree.style ?? {}).filter(([, value]) => !/url\(/i.test(value));
  return {
    ...allowed(tree),
    class: classes || undefined,
    style: styles.length ? Object.fromEntries(styles) : undefined,
  };
}

function allowed({ attributes = {} }: Tree): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => ATTRIBUTES.has(name)));
}
