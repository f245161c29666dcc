import { describe, expect, test, vi } from "vitest";

import { normalise } from "../../src/options";

const api = { url: "/chatkit" };

function read(given: object) {
  const { options, problems } = normalise({ api, ...given });
  return { options: options!, said: problems.map(({ message }) => message) };
}

describe("without anything but a server", () => {
  const { options, said } = read({});

  test("everything has its default, and nothing is said", () => {
    expect(said).toEqual([]);
    expect(options).toMatchObject({
      locale: null,
      initialThread: null,
      header: { enabled: true, title: { enabled: true, text: null }, leftAction: null },
      history: { enabled: true, showDelete: true, showRename: true },
      threadItemActions: { feedback: false, retry: false },
      thread: { autoScroll: false },
      images: { allowedDomains: [] },
      theme: { colorScheme: "light", radius: "pill", density: "normal" },
      startScreen: { greeting: null, prompts: [] },
      disclaimer: null,
      widgets: { onAction: null },
    });
    expect(options.composer.attachments).toEqual({
      enabled: false,
      maxSize: 100 * 1024 * 1024,
      maxCount: 10,
      accept: null,
    });
  });
});

describe("a server to talk to", () => {
  test.each([
    [undefined],
    [null],
    ["/chatkit"],
    [{}],
    [{ api: {} }],
    [{ api: { url: "" } }],
    [{ api: { url: "http://" } }],
  ])("is needed: %j", (given) => {
    const { options, problems } = normalise(given);
    expect(options).toBeNull();
    const errors = problems.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toMatch(/^api needs url/);
  });

  test("is not OpenAI's: getClientSecret is told what to give instead", () => {
    const { options, problems } = normalise({ api: { getClientSecret: async () => "secret" } });
    expect(options).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(/getClientSecret.*api\.url/);
  });

  test("is none where its address leads nowhere from the page", () => {
    vi.stubGlobal("document", { baseURI: "blob:null/1" });
    expect(normalise({ api }).options).toBeNull();
    expect(normalise({ api: { url: "https://chat.test/" } }).options).not.toBeNull();
    vi.unstubAllGlobals();
  });

  test("is there for a wrapper that also passes an empty getClientSecret", () => {
    const { options, problems } = normalise({ api: { ...api, getClientSecret: undefined } });
    expect(options?.api.url).toBe("/chatkit");
    expect(problems).toEqual([]);
  });

  test("may come with a domain key, which is not used", () => {
    const { options, said } = read({ api: { ...api, domainKey: "domain_pk_1" } });
    expect(said).toEqual([]);
    expect(options.api).toEqual({
      url: "/chatkit",
      userId: null,
      fetch: null,
      uploadStrategy: null,
    });
  });

  test.each([
    ["ada", "ada"],
    [7, "7"],
    ["", null],
    [null, null],
  ])("may be used by %j, who is %j", (userId, known) => {
    const { options, said } = read({ api: { ...api, userId } });
    expect(options.api.userId).toBe(known);
    expect(said).toEqual([]);
  });
});

describe("unknown keys", () => {
  test.each([
    [{ startscreen: {} }, "startscreen is no option: did you mean startScreen?"],
    [{ threadItemAction: {} }, "threadItemAction is no option: did you mean threadItemActions?"],
    [{ thmee: "dark" }, "thmee is no option: did you mean theme?"],
    [{ header: { rightaction: {} } }, "header.rightaction is no option: did you mean rightAction?"],
    [
      { composer: { attachments: { maxcount: 1 } } },
      "composer.attachments.maxcount is no option: did you mean maxCount?",
    ],
    [
      { composer: { tools: [{ id: "a", label: "A", icon: "bug", pined: true }] } },
      "composer.tools[0].pined is no option: did you mean pinned?",
    ],
    [
      { entities: { onTagSerch: () => [] } },
      "entities.onTagSerch is no option: did you mean onTagSearch?",
    ],
    [{ commands: { enable: false } }, "commands.enable is no option: did you mean enabled?"],
    [
      { theme: { typography: { fontSources: [{ family: "A", src: "/a", wieght: 400 }] } } },
      "theme.typography.fontSources[0].wieght is no option: did you mean weight?",
    ],
    [{ history: { zzz: 1 } }, "history.zzz is no option: there is enabled, showDelete, showRename"],
  ])("are named with the nearest: %j", (given, message) => {
    expect(read(given).said[0]).toEqual(message);
  });

  test("that are handlers are sent to their events", () => {
    expect(read({ onThreadChange: () => {} }).said).toEqual([
      'onThreadChange is no option: listen with addEventListener("chatkit.thread.change", ...)',
    ]);
  });

  test.each([
    ["onClientTools", "onClientTools is no option: did you mean onClientTool?"],
    [
      "onThreadChanged",
      'onThreadChanged is no option: listen with addEventListener("chatkit.thread.change", ...)',
    ],
  ])("that are nearly handlers are named with the nearest: %s", (name, message) => {
    expect(read({ [name]: () => {} }).said).toEqual([message]);
  });

  test("are no keys that every object has", () => {
    expect(read(JSON.parse('{"toString": 1, "__proto__": {"a": 1}}')).said).toHaveLength(2);
  });
});

describe("wrong values", () => {
  test.each([
    [{ theme: "blue" }, 'theme.colorScheme must be one of "light", "dark"'],
    [{ theme: { radius: 8 } }, 'theme.radius must be one of "pill", "round", "soft", "sharp"'],
    [{ locale: 7 }, "locale must be a string"],
    [{ onClientTool: {} }, "onClientTool must be a function"],
    [{ history: true }, "history must be an object"],
    [{ images: { allowedDomains: "img.example" } }, "images.allowedDomains must be a list"],
    [
      { images: { allowedDomains: ["https://img.example/a/"] } },
      'images.allowedDomains[0] must be a host, such as "img.example", "*.example" or "img.example:8443"',
    ],
    [{ startScreen: { prompts: {} } }, "startScreen.prompts must be a list"],
    [
      { composer: { attachments: { enabled: "yes" } } },
      "composer.attachments.enabled must be true or false",
    ],
    [{ theme: { color: { accent: { level: 1 } } } }, "theme.color.accent needs primary"],
    [{ header: { leftAction: { icon: "home" } } }, "header.leftAction needs onClick"],
    [{ disclaimer: {} }, "disclaimer needs text"],
  ])("give way to the default, and are named: %j", (given, message) => {
    const { options, said } = read(given);
    expect(said).toEqual([message]);
    expect(options).toEqual(read({}).options);
  });

  test("take only their own entry out of a list", () => {
    const { options, said } = read({
      startScreen: { prompts: [{ label: "One" }, { label: "Two", prompt: "2" }, 3] },
    });
    expect(options.startScreen.prompts).toEqual([{ label: "Two", prompt: "2", icon: null }]);
    expect(said).toEqual([
      "startScreen.prompts[0] needs prompt",
      "startScreen.prompts[2] must be an object",
    ]);
  });

  test("of undefined or null are absent", () => {
    const { options, said } = read({ theme: undefined, history: null, composer: { tools: null } });
    expect(said).toEqual([]);
    expect(options).toEqual(read({}).options);
  });
});

describe("what is given", () => {
  test("is kept", () => {
    const onClick = () => {};
    const onAction = async () => {};
    const given = {
      locale: "de",
      theme: {
        colorScheme: "dark",
        radius: "sharp",
        density: "compact",
        color: {
          accent: { primary: "#123456", level: 2 },
          grayscale: { hue: 200, tint: 3, shade: -1 },
          surface: { background: "#000", foreground: "#111" },
        },
        typography: { baseSize: 14, fontFamily: "Inter", fontFamilyMono: null, fontSources: [] },
      },
      initialThread: "thr_1",
      header: {
        enabled: false,
        title: { enabled: true, text: "Hi" },
        leftAction: null,
        rightAction: { icon: "home", onClick },
      },
      startScreen: { greeting: "Hello", prompts: [{ label: "A", prompt: "a", icon: "bug" }] },
      disclaimer: { text: "Check it", highContrast: true },
      widgets: { onAction },
    };
    const { options, said } = read(given);
    expect(said).toEqual([]);
    expect(options).toMatchObject(given);
  });

  test("as a colour scheme is a theme", () => {
    expect(read({ theme: "dark" }).options.theme.colorScheme).toBe("dark");
  });

  test("as sizes may differ by type", () => {
    const maxSize = { "image/*": 5, "*": 9 };
    const attachments = { enabled: true, maxSize, accept: { "image/png": [".png"] } };
    const { options, said } = read({
      api: { ...api, uploadStrategy: { type: "direct", uploadUrl: "/files" } },
      composer: { attachments },
    });
    expect(said).toEqual([]);
    expect(options.composer.attachments).toEqual({ ...attachments, maxCount: 10 });
    expect(options.api.uploadStrategy).toEqual({ type: "direct", uploadUrl: "/files" });
  });

  test("without an upload strategy, files are sent in two phases", () => {
    const { options, said } = read({ composer: { attachments: { enabled: true } } });
    expect(options.api.uploadStrategy).toEqual({ type: "two_phase" });
    expect(said).toEqual([expect.stringContaining("api.uploadStrategy")]);
  });

  test("is taken, if it has no effect yet, and that is said", () => {
    const onTagSearch = async () => [];
    const { options, said } = read({
      entities: { onTagSearch },
      commands: { enabled: true },
      composer: { dictation: { enabled: true } },
    });
    expect(options.entities).toMatchObject({ onTagSearch });
    expect(said).toEqual([
      "entities is accepted, but has no effect yet",
      "commands is accepted, but has no effect yet",
      "composer.dictation is accepted, but has no effect yet",
    ]);
  });
});

test("hosts of images are taken as they are written, but for what names none", () => {
  const { options } = read({ images: { allowedDomains: ["Img.example", "*.example", 7, "a/b"] } });
  expect(options.images.allowedDomains).toEqual(["Img.example", "*.example"]);
});
