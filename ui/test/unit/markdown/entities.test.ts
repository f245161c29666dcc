import { expect, test } from "vitest";

import { decoded } from "../../../src/markdown/entities";

test.each([
  ["a &amp; b", "a & b"],
  ["&lt;b&gt; &quot;x&quot; &apos;y&apos;", "<b> \"x\" 'y'"],
  ["&copy; &mdash; &nbsp;&auml;&Ouml;", "© — \u00a0äÖ"],
  ["&#35; &#x1F600; &#X41;", "# 😀 A"],
  ["&colon;&semi;&Tab;&NewLine;", ":;\t\n"],
  ["&#0; &#xD800; &#1114112;", "\ufffd \ufffd \ufffd"],
  ["&amp;lt;", "&lt;"],
  ["&unknown; &constructor; & &; &# AT&T", "&unknown; &constructor; & &; &# AT&T"],
])("%j reads %j", (source, text) => expect(decoded(source)).toBe(text));
