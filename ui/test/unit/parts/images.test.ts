// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { decoded } from "../../../src/markdown/entities";
import {
  imageRules,
  isImageDomain,
  serverImage,
  textImage,
  widgetImage,
} from "../../../src/parts/images";
import { badAddresses } from "../../fixtures/xss";

const PAGE = "https://app.example/chat/page";
const { happyDOM } = globalThis as unknown as { happyDOM: { setURL: (url: string) => void } };

beforeEach(() => happyDOM.setURL(PAGE));
afterEach(() => happyDOM.setURL("about:blank"));

/** Whether a text may show an image, where a page allows hosts and the thread lists none. */
function mayShow(address: string, ...domains: string[]): boolean {
  return textImage(address, imageRules("/chatkit", null, domains)) !== undefined;
}

describe("a text shows no image", () => {
  test.each([
    "https://evil.example/a.png?q=secret",
    "//evil.example/a.png",
    "\\\\evil.example/a.png",
    "/\\evil.example/a.png",
    "https:evil.example/a.png",
    "HTTPS://EVIL.EXAMPLE/a.png",
    "/logout",
    "logout",
    "?logout",
    "#",
    "",
    "/",
    "/chatkit",
    "/chatkit?a",
    "/chatkits/a.png",
    "/CHATKIT/a.png",
    "/chatkit/../logout",
    "/chatkit/%2e%2e/logout",
    "/chatkit/..%2flogout",
    "/chatkit/%2E%2E%2Flogout",
    "/chatkit/..%5Clogout",
    "/chatkit/%252e%252e/logout",
    "/chatkit/..;/logout",
    "/chatkit/a;/../../logout",
    "https://app.example:8443/chatkit/a.png",
    "http://app.example/chatkit/a.png",
    "https://user@app.example/chatkit/a.png",
    "https://app.example@evil.example/chatkit/a.png",
    "data:image/png;base64,AAAA",
    "blob:https://app.example/1",
    "ftp://app.example/chatkit/a.png",
    "https://[",
  ])("of %j", (address) => expect(mayShow(address)).toBe(false));

  test.each(badAddresses)("of %s, even if it may of any host", (href) => {
    const address = textImage(decoded(href), imageRules("/chatkit", null, ["*"]));
    expect(address === undefined || /^https?:/.test(address)).toBe(true);
  });
});

describe("a text shows images from below the endpoint", () => {
  test.each([
    ["/chatkit", "/chatkit/files/a.png", "https://app.example/chatkit/files/a.png"],
    ["/chatkit/", "/chatkit/a.png?size=2", "https://app.example/chatkit/a.png?size=2"],
    ["/chatkit?tenant=a", "/chatkit/a.png", "https://app.example/chatkit/a.png"],
    ["kit", "/chat/kit/a.png", "https://app.example/chat/kit/a.png"],
    ["https://api.example/v1", "https://api.example/v1/a.png", "https://api.example/v1/a.png"],
  ])("at %s: %s", (endpoint, address, shown) => {
    expect(textImage(address, imageRules(endpoint, null, []))).toBe(shown);
    expect(textImage(address, imageRules(endpoint, [], []))).toBe(shown);
  });

  test("which has no paths of its own at the root of its host", () => {
    for (const endpoint of ["/", "", "https://app.example", "//app.example//"]) {
      expect(textImage("/a.png", imageRules(endpoint, null, []))).toBeUndefined();
    }
  });
});

describe("where texts may show images of %j", () => {
  test.each([
    [["img.example"], true],
    [["IMG.example"], true],
    [[" img.example "], true],
    [["https://img.example/"], true],
    [["http://img.example"], true],
    [["img.example:443"], true],
    [["*.example"], true],
    [["*"], true],
    [["other.example", "img.example"], true],
    [[], false],
    [["example"], false],
    [["*.img.example"], false],
    [["mg.example"], false],
    [["img.example."], false],
    [["img.example:8443"], false],
    [["img.example/public"], false],
    [["user@img.example"], false],
    [["*img.example", "*.", "**", "", "img.*", "https://"], false],
  ])("%j, they may of https://img.example/a.png: %s", (domains, may) => {
    expect(mayShow("https://img.example/a.png", ...domains)).toBe(may);
  });

  test.each([
    ["https://sub.img.example/a.png"],
    ["https://evilimg.example/a.png"],
    ["https://img.example.evil.example/a.png"],
    ["https://img.example@evil.example/a.png"],
    ["https://img.example:pass@evil.example/a.png"],
    ["https://evil.example\\@img.example/a.png"],
    ["https://evil.example#@img.example/a.png"],
    ["https://evil.example?img.example/a.png"],
    ["https://user@img.example/a.png"],
    ["https://img.example:8443/a.png"],
    ["https://img.example./a.png"],
    ["https://img\u3002example.evil.example/a.png"],
    ["https://\u0456mg.example/a.png"], // a Cyrillic letter
  ])("one host, they may not of %s", (address) => {
    expect(mayShow(address, "img.example")).toBe(false);
  });

  test.each([
    ["https://IMG.EXAMPLE/a.png", "img.example"],

    ["https://img\u3002example/a.png", "img.example"], // a full stop of another script
    ["https://b\u00fccher.example/a.png", "b\u00fccher.example"],
    ["https://b\u00fccher.example/a.png", "xn--bcher-kva.example"],
    ["https://xn--bcher-kva.example/a.png", "B\u00dcCHER.example"],
    ["https://img.example:8443/a.png", "img.example:8443"],
    ["http://img.example/a.png", "img.example"],
    ["https://a.b.img.example/a.png", "*.img.example"],
    ["https://127.0.0.1/a.png", "127.0.0.1"],
    ["https://[::1]:8443/a.png", "[::1]:8443"],
  ])("they may of %s: %s", (address, domain) => {
    expect(mayShow(address, domain)).toBe(true);
  });

  test("a scheme that is named is meant", () => {
    expect(mayShow("http://img.example/a.png", "https://img.example")).toBe(false);
  });

  test("the page's own host must be named, for it is asked with the user's cookies", () => {
    expect(mayShow("/logout", "*")).toBe(false);
    expect(mayShow("/logout", "*.example")).toBe(false);
    expect(mayShow("/media/a.png", "app.example")).toBe(true);
  });
});

test("what the thread lists has the last word, be it nothing", () => {
  const image = "https://img.example/a.png";
  expect(textImage(image, imageRules("/chatkit", ["img.example"], []))).toBe(image);
  expect(textImage(image, imageRules("/chatkit", [], ["img.example"]))).toBeUndefined();
  expect(textImage(image, imageRules("/chatkit", ["a.example"], ["*"]))).toBeUndefined();
});

test.each([[[null, 7, {}, ["*"]]], [{ "*": true }], [true], [7]])(
  "a thread that lists %j, which names no hosts, allows none",
  (listed) => {
    const rules = imageRules("/chatkit", listed as never, ["*"]);
    expect(textImage("https://img.example/a.png", rules)).toBeUndefined();
    expect(widgetImage("https://img.example/a.png", rules)).toBeUndefined();
  },
);

describe("a widget, which the server has made,", () => {
  test("shows images of any host, as long as its thread lists none", () => {
    const rules = imageRules("/chatkit", null, []);
    expect(widgetImage("https://img.example/a.png", rules)).toBe("https://img.example/a.png");
    expect(widgetImage("/products/1.png", rules)).toBe("https://app.example/products/1.png");
  });

  test("else of those hosts, and of the endpoint", () => {
    const rules = imageRules("/chatkit", ["img.example"], ["*"]);
    expect(widgetImage("https://img.example/a.png", rules)).toBeDefined();
    expect(widgetImage("/chatkit/a.png", rules)).toBeDefined();
    expect(widgetImage("https://evil.example/a.png", rules)).toBeUndefined();
    expect(widgetImage("/logout", rules)).toBeUndefined();
  });

  test.each([[null], [["img.example"]]])("shows pictures that it holds itself: %j", (listed) => {
    const rules = imageRules("/chatkit", listed, []);
    expect(widgetImage("data:image/png;base64,AAAA", rules)).toBe("data:image/png;base64,AAAA");
    expect(widgetImage("data:image/svg+xml,<svg/>", rules)).toBeUndefined();
    expect(widgetImage("javascript:alert(1)", rules)).toBeUndefined();
    expect(widgetImage({ src: "x" }, rules)).toBeUndefined();
  });
});

test.each([
  ["https://files.example/a.png", "https://files.example/a.png"],
  ["/files/a.png", "https://app.example/files/a.png"],
  ["blob:https://app.example/1", "blob:https://app.example/1"],
  ["data:image/webp;base64,AAAA", "data:image/webp;base64,AAAA"],
  ["data:image/svg+xml,<svg/>", null],
  ["javascript:alert(1)", null],
])("an image that the server keeps at %s is shown from %s", (given, shown) => {
  expect(serverImage(given)).toBe(shown);
});

test.each([
  ["img.example", true],
  ["*.img.example", true],
  ["https://img.example:8443/", true],
  ["*", true],
  ["", false],
  ["img example", false],
  ["https://img.example/images/", false],
  ["user@img.example", false],
  ["*.*.example", false],
])("%j names hosts: %s", (domain, does) => expect(isImageDomain(domain)).toBe(does));
