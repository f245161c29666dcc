// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { decoded } from "../../../src/markdown/entities";
import { linkTarget } from "../../../src/parts/links";
import { badAddresses } from "../../fixtures/xss";

test.each([
  ["https://example.com/a?b=c#d", "https://example.com/a?b=c#d"],
  ["HTTP://EXAMPLE.com", "http://example.com/"],
  ["mailto:a@b.example", "mailto:a@b.example"],
  ["tel:+49-30-123", "tel:+49-30-123"],
  ["https://example.com/ü", "https://example.com/%C3%BC"],
])("a link to %s leads to %s", (href, to) => expect(linkTarget(href)).toEqual({ href: to }));

test("a relative address is one of the page's own", () => {
  const base = document.createElement("base");
  base.href = "https://app.example/chat/";
  document.head.append(base);
  expect(linkTarget("/orders")?.href).toBe("https://app.example/orders");
  base.remove();
});

test.each(badAddresses)("no link leads to %s", (href) => {
  const address = linkTarget(decoded(href))?.href;
  expect(address === undefined || /^https?:/.test(address)).toBe(true);
});

test.each([
  ["chatkit-link://open", { name: "open" }],
  [
    "chatkit-link://Open-Thread?id=7&to=a%20b",
    { name: "Open-Thread", data: { id: "7", to: "a b" } },
  ],
  ["chatkit-link://orders/12", { name: "orders/12" }],
  ["chatkit-link:open?x=1", { name: "open", data: { x: "1" } }],
  ["chatkit-link://50%", { name: "50%" }],
])("%s is told to the page as %j", (href, deeplink) => {
  expect(linkTarget(href)).toMatchObject({ deeplink });
});
