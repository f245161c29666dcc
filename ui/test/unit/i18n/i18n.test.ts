import { effect } from "@preact/signals";
import { afterEach, describe, expect, test, vi } from "vitest";
import { daysAgo, dir, formatBytes, formatDuration, locale, setLocale, t } from "../../../src/i18n";
import ar from "../../../src/i18n/locales/ar";
import de from "../../../src/i18n/locales/de";
import en, { type Messages } from "../../../src/i18n/locales/en";
import es from "../../../src/i18n/locales/es";
import fr from "../../../src/i18n/locales/fr";
import ja from "../../../src/i18n/locales/ja";
import { resolve } from "../../../src/i18n/resolve";

const ALL: Record<string, Messages> = { en, ar, de, es, fr, ja };

afterEach(() => setLocale("en"));

describe("resolve", () => {
  test.each([
    ["de", "de", "de"],
    ["de-AT", "de-AT", "de"],
    ["es-419", "es-419", "es"],
    ["fr_CA", "fr-CA", "fr"],
    ["JA-jp", "ja-JP", "ja"],
    ["en-GB", "en-GB", "en"],
    ["xx", "en", "en"],
    ["not a tag", "en", "en"],
    ["", "en", "en"],
  ])("%s is formatted as %s, in the words of %s", (requested, tag, messages) => {
    expect(resolve(requested)).toEqual({ tag, messages });
  });
});

describe("t", () => {
  test("fills in values, numbers as the language writes them", async () => {
    await setLocale("de");
    expect(t("history.rename", { title: "Elche" })).toBe("Elche umbenennen");
    expect(t("sources.title", { count: 1200 })).toBe("1.200 Quellen");
  });

  test("takes the plural form of the language", async () => {
    expect(t("sources.title", { count: 1 })).toBe("1 source");
    expect(t("sources.title", { count: 2 })).toBe("2 sources");
    await setLocale("ar");
    expect(t("sources.title", { count: 2 })).toBe("مصدران");
    expect(t("sources.title", { count: 3 })).toMatch(/مصادر$/);
  });

  test("what a value holds is not filled in again", () => {
    expect(t("history.rename", { title: "{title}" })).toBe("Rename {title}");
  });

  test("the last language asked for wins, whichever comes first", async () => {
    await Promise.all([setLocale("fr"), setLocale("ja"), setLocale("de")]);
    expect(locale.value).toBe("de");
  });

  test("asking for the language that is there changes nothing that reads it", async () => {
    await setLocale("de-AT");
    const read = vi.fn(() => t("history.save"));
    const end = effect(() => void read());
    await setLocale("de-AT");
    expect(read).toHaveBeenCalledOnce();
    await setLocale("de");
    expect(read).toHaveBeenCalledTimes(2);
    end();
  });

  test("Arabic is written from right to left", async () => {
    await setLocale("ar-EG");
    expect(dir.value).toBe("rtl");
    await setLocale("de");
    expect(dir.value).toBe("ltr");
  });
});

describe("every language", () => {
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  const forms = (message: Messages[keyof Messages]) =>
    typeof message === "string" ? [message] : Object.values(message);

  test.each(Object.keys(ALL))("%s has every message, with the same holes", (name) => {
    const messages = ALL[name]!;
    expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
    for (const [key, message] of Object.entries(messages)) {
      const expected = holes(forms(en[key as keyof Messages]).at(-1)!);
      expect(holes(forms(message).at(-1)!), key).toEqual(expected);
    }
  });

  test.each(Object.keys(ALL))("%s has a form for each plural that it knows", (name) => {
    const { pluralCategories } = new Intl.PluralRules(name).resolvedOptions();
    for (const [key, message] of Object.entries(ALL[name]!)) {
      if (typeof message === "string") continue;
      expect(Object.keys(message).sort(), key).toEqual([...pluralCategories].sort());
    }
  });
});

describe("formats", () => {
  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [999_499, "999 kB"],
    [1_000_000, "1 MB"],
    [2_560_000, "2.6 MB"],
    [1_000_000_000, "1 GB"],
    [4_200_000_000_000, "4,200 GB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test("durations", () => {
    expect(formatDuration(4)).toBe("4 seconds");
    expect(formatDuration(120)).toBe("2 minutes");
  });

  test("days are counted by midnights, not by hours", () => {
    const now = new Date(2026, 2, 5, 0, 10);
    expect(daysAgo(new Date(2026, 2, 4, 23, 50).toISOString(), now)).toBe(1);
    expect(daysAgo(new Date(2026, 2, 5, 0, 1).toISOString(), now)).toBe(0);
  });
});
