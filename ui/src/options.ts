import type {
  ChatKitIcon,
  ChatKitOptions,
  CommandsOption,
  EntitiesOption,
  FileUploadStrategy,
  FontObject,
  HeaderIcon,
  UserMessageContent,
  WidgetsOption,
} from "@openai/chatkit";

import type { EventName } from "./events";
import { nearest } from "./nearest";
import { isImageDomain } from "./parts/images";
import type { Problem, Reader } from "./shape";
import {
  callback,
  check,
  fields,
  flag,
  group,
  isObject,
  list,
  number,
  oneOf,
  Place,
  record,
  text,
} from "./shape";
import { DEFAULT_MAX_COUNT, DEFAULT_MAX_SIZE } from "./state/limits";

/** The options with every default in its place: what the rest of the element reads. */
export type Options = Omit<ReturnType<typeof readOptions>, "api"> & { api: Api };
type Api = NonNullable<ReturnType<typeof readApi>>;
export type Theme = Options["theme"];
export type Composer = Options["composer"];
export type Tool = Composer["tools"][number];
export type Prompt = Options["startScreen"]["prompts"][number];
export type HeaderAction = NonNullable<Options["header"]["leftAction"]>;

/** The names of icons are not checked: where one is drawn, an unknown name draws nothing. */
const icon = text(null) as Reader<ChatKitIcon | null>;

const action = group(
  { icon: text(null) as Reader<HeaderIcon | null>, onClick: callback<() => void>() },
  ["icon", "onClick"],
);

const promptContent = check(
  (value): value is string | UserMessageContent[] =>
    typeof value === "string" || (Array.isArray(value) && value.every(isObject)),
  "a string or a list of message contents",
  null,
);

const maxSize: Reader<number | Record<string, number>> = (value, place) =>
  isObject(value)
    ? (record(number(0, null))(value, place) ?? DEFAULT_MAX_SIZE)
    : number(0, DEFAULT_MAX_SIZE)(value, place);

const accept = record(list(text(null)));

const color = fields({
  grayscale: group(
    {
      hue: number(0, null),
      tint: oneOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], null),
      shade: oneOf([-4, -3, -2, -1, 0, 1, 2, 3, 4], 0),
    },
    ["hue", "tint"],
  ),
  accent: group({ primary: text(null), level: oneOf([0, 1, 2, 3], 0) }, ["primary"]),
  surface: group({ background: text(null), foreground: text(null) }, ["background", "foreground"]),
});

const fontFields = fields({
  family: text(null),
  src: text(null),
  weight: check(isWeight, "a number or a string", null),
  style: oneOf(["normal", "italic", "oblique"], null),
  display: oneOf(["auto", "block", "swap", "fallback", "optional"], null),
  unicodeRange: text(null),
});

/** What is given is a font that has an address, less what is wrong with it. */
function font(value: unknown, place: Place): FontObject | null {
  const { family, src, ...rest } = fontFields(value, place);
  const isWhole = family !== null && src !== null;
  if (!isWhole && isObject(value)) place.warn("needs family and src");
  const given = Object.entries(rest).filter(([, part]) => part !== null);
  return isWhole ? { family, src, ...Object.fromEntries(given) } : null;
}

const typography = fields({
  baseSize: oneOf([14, 15, 16, 17, 18], 16),
  fontSources: list(font),
  fontFamily: text(null),
  fontFamilyMono: text(null),
});

const themeFields = fields({
  colorScheme: oneOf(["light", "dark"], "light"),
  typography,
  radius: oneOf(["pill", "round", "soft", "sharp"], "pill"),
  density: oneOf(["compact", "normal", "spacious"], "normal"),
  color,
});

const theme: typeof themeFields = (value, place) =>
  themeFields(typeof value === "string" ? { colorScheme: value } : value, place);

const header = fields({
  enabled: flag(true),
  title: fields({ enabled: flag(true), text: text(null) }),
  leftAction: action,
  rightAction: action,
});

const composer = fields({
  placeholder: text(null),
  attachments: fields({
    enabled: flag(false),
    maxSize,
    maxCount: number(0, DEFAULT_MAX_COUNT),
    accept,
  }),
  tools: list(
    group(
      {
        id: text(null),
        label: text(null),
        icon,
        shortLabel: text(null),
        placeholderOverride: text(null),
        pinned: flag(false),
        persistent: flag(false),
      },
      ["id", "label"],
    ),
  ),
  models: list(
    group(
      {
        id: text(null),
        label: text(null),
        description: text(null),
        disabled: flag(false),
        default: flag(false),
      },
      ["id", "label"],
    ),
  ),
  dictation: fields({ enabled: flag(false) }),
});

const imageDomain: Reader<string | null> = (value, place) => {
  const domain = text(null)(value, place);
  if (domain === null || isImageDomain(domain)) return domain;
  place.warn('must be a host, such as "img.example", "*.example" or "img.example:8443"');
  return null;
};

const readUploads: Reader<FileUploadStrategy | null> = (value, place) => {
  const strategy = group({ type: oneOf(["two_phase", "direct"], null), uploadUrl: text(null) }, [
    "type",
  ])(value, place);
  if (strategy?.type !== "direct") return strategy && { type: "two_phase" };
  if (strategy.uploadUrl !== null) return { type: "direct", uploadUrl: strategy.uploadUrl };
  place.warn("needs uploadUrl, where files are sent to");
  return null;
};

/** Whoever has no name shares with all who have none: so a number is one too. */
const userId: Reader<string | null> = (value, place) =>
  text(null)(typeof value === "number" ? String(value) : value, place) || null;

const apiFields = fields({
  url: text(null),
  userId,
  fetch: callback<typeof fetch>(),
  domainKey: text(null),
  uploadStrategy: readUploads,
});

function readApi(value: unknown, place: Place) {
  const { getClientSecret: secret, ...own } = isObject(value) ? value : {};
  if (secret !== undefined && secret !== null) {
    place.fail(
      "has getClientSecret, which is for ChatKit as OpenAI hosts it. This element talks to" +
        ' a server of your own: give api.url, such as { url: "/chatkit" }, and put what' +
        " authenticates the user into api.fetch",
    );
    return null;
  }
  const { domainKey: _, url, ...rest } = apiFields(own, place);
  if (url && isAddress(url)) return { url, ...rest };
  place.fail('needs url, the address of your ChatKit server, such as { url: "/chatkit" }');
  return null;
}

const readOptions = fields({
  api: readApi,
  locale: text(null),
  theme,
  frameTitle: text(null),
  initialThread: (value, place) => text(null)(value, place) || null,
  onClientTool: callback<NonNullable<ChatKitOptions["onClientTool"]>>(),
  header,
  history: fields({ enabled: flag(true), showDelete: flag(true), showRename: flag(true) }),
  startScreen: fields({
    greeting: text(null),
    prompts: list(group({ label: text(null), prompt: promptContent, icon }, ["label", "prompt"])),
  }),
  threadItemActions: fields({ feedback: flag(false), retry: flag(false) }),
  composer,
  disclaimer: group({ text: text(null), highContrast: flag(false) }, ["text"]),
  entities: group(
    {
      onTagSearch: callback<NonNullable<EntitiesOption["onTagSearch"]>>(),
      showComposerMenu: flag(false),
      onClick: callback<NonNullable<EntitiesOption["onClick"]>>(),
      onRequestPreview: callback<NonNullable<EntitiesOption["onRequestPreview"]>>(),
    },
    [],
  ),
  commands: group(
    {
      enabled: flag(false),
      onSearch: callback<NonNullable<CommandsOption["onSearch"]>>(),
      onSelect: callback<NonNullable<CommandsOption["onSelect"]>>(),
    },
    [],
  ),
  widgets: fields({ onAction: callback<NonNullable<WidgetsOption["onAction"]>>() }),
  thread: fields({ autoScroll: flag(false) }),
  images: fields({ allowedDomains: list(imageDomain) }),
});

/**
 * Read what a page gave to `setOptions`.
 *
 * @returns The options with all defaults, or null if there is no server to talk to; and what is
 *   wrong with them, in words for the page's author.
 */
export function normalise(given: unknown): { options: Options | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const [own, handlers] = withoutHandlers(given);
  problems.push(...handlers.map(misplacedHandler));
  const { api, ...rest } = readOptions(own, new Place("", problems));
  noticeUnfinished(rest, problems);
  if (rest.composer.attachments.enabled && api && !api.uploadStrategy) {
    api.uploadStrategy = { type: "two_phase" };
    problems.push({
      level: "warning",
      message: 'api.uploadStrategy is needed for attachments; { type: "two_phase" } is taken',
    });
  }
  return { options: api && { ...rest, api }, problems };
}

const EVENTS: readonly EventName[] = [
  "chatkit.ready",
  "chatkit.error",
  "chatkit.effect",
  "chatkit.deeplink",
  "chatkit.response.start",
  "chatkit.response.end",
  "chatkit.history.open",
  "chatkit.history.close",
  "chatkit.thread.change",
  "chatkit.thread.load.start",
  "chatkit.thread.load.end",
  "chatkit.tool.change",
  "chatkit.log",
];
/** By the names of the React wrapper's props, the events that they are handlers of. */
const HANDLERS = new Map(EVENTS.map((name) => [handlerOf(name), name]));

/** Handlers of events are props of the React wrapper, which keeps them to itself. */
function withoutHandlers(given: unknown): [unknown, string[]] {
  if (!isObject(given)) return [given, []];
  const handlers = Object.keys(given).filter((key) => eventOf(key));
  const own = Object.entries(given).filter(([key]) => !handlers.includes(key));
  return [Object.fromEntries(own), handlers];
}

function misplacedHandler(name: string): Problem {
  const message = `${name} is no option: listen with addEventListener("${eventOf(name)}", ...)`;
  return { level: "warning", message };
}

/** The event that something named so is most likely meant to handle. */
function eventOf(name: string): EventName | undefined {
  if (!/^on[A-Z]/.test(name)) return undefined;
  return HANDLERS.get(nearest(name, [...HANDLERS.keys(), "onClientTool"]) ?? "");
}

/** `chatkit.thread.change`: `onThreadChange`. */
function handlerOf(event: EventName): string {
  const words = event.split(".").slice(1);
  return `on${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("")}`;
}

function noticeUnfinished(options: Omit<Options, "api">, problems: Problem[]): void {
  const unfinished = {
    entities: options.entities !== null,
    commands: options.commands !== null,
    "composer.dictation": options.composer.dictation.enabled,
  };
  for (const [name, given] of Object.entries(unfinished)) {
    if (!given) continue;
    problems.push({ level: "warning", message: `${name} is accepted, but has no effect yet` });
  }
}

function isAddress(url: string): boolean {
  try {
    return Boolean(new URL(url, globalThis.document?.baseURI ?? "https://relative.to"));
  } catch {
    return false;
  }
}

function isWeight(value: unknown): value is string | number {
  return typeof value === "number" || typeof value === "string";
}
