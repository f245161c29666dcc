import { nearest } from "./nearest";

/** What is wrong with an option; an error leaves nothing to show, a warning only a default. */
export interface Problem {
  level: "error" | "warning";
  message: string;
}

/** Where in the options a value stands, and where to say what is wrong with it. */
export class Place {
  constructor(
    readonly path: string,
    readonly problems: Problem[],
  ) {}

  child(key: string | number): Place {
    const step = typeof key === "number" ? `[${key}]` : this.path ? `.${key}` : key;
    return new Place(this.path + step, this.problems);
  }

  warn(message: string): void {
    this.add("warning", message);
  }

  fail(message: string): void {
    this.add("error", message);
  }

  private add(level: Problem["level"], message: string): void {
    this.problems.push({ level, message: `${this.path || "the options"} ${message}` });
  }
}

/** Takes what was given, says what is wrong with it, and returns what to use. */
export type Reader<T> = (value: unknown, place: Place) => T;

type Fields = Record<string, Reader<unknown>>;
type Read<F extends Fields> = { [K in keyof F]: ReturnType<F[K]> };
type Given = Record<string, unknown>;

/** A reader of values that `is` accepts; without a value, or with a wrong one, the fallback. */
export function check<T, D>(
  is: (value: unknown) => value is T,
  what: string,
  fallback: D,
): Reader<T | D> {
  return (value, place) => {
    if (value === undefined || value === null) return fallback;
    if (is(value)) return value;
    place.warn(`must be ${what}`);
    return fallback;
  };
}

export const text = <D>(fallback: D): Reader<string | D> =>
  check((value): value is string => typeof value === "string", "a string", fallback);

export const flag = <D>(fallback: D): Reader<boolean | D> =>
  check((value): value is boolean => typeof value === "boolean", "true or false", fallback);

export const number = <D>(least: number, fallback: D): Reader<number | D> =>
  check(
    (value): value is number => typeof value === "number" && value >= least,
    `a number, ${least} or more`,
    fallback,
  );

/** A function, whose signature is the one that the types name. */
export const callback = <F extends (...args: never[]) => unknown>(): Reader<F | null> =>
  check((value): value is F => typeof value === "function", "a function", null);

export function oneOf<const T extends string | number, D extends T | null>(
  choices: readonly T[],
  fallback: D,
): Reader<T | D> {
  return check(
    (value): value is T => (choices as readonly unknown[]).includes(value),
    `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`,
    fallback,
  );
}

/** An object with exactly these keys, all optional: others are named, with the nearest of them. */
export function fields<F extends Fields>(shape: F): Reader<Read<F>> {
  const names = Object.keys(shape);
  return (value, place) => {
    const given = objectAt(value, place) ?? {};
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(shape, key)) warnUnknown(key, names, place);
    }
    const read = names.map((name) => [name, shape[name]!(given[name], place.child(name))]);
    return Object.fromEntries(read) as Read<F>;
  };
}

/** Such an object, or null if it is absent or lacks a key that it can't be without. */
export function group<F extends Fields, K extends keyof F & string>(
  shape: F,
  needed: readonly K[],
): Reader<(Read<F> & { [N in K]: NonNullable<Read<F>[N]> }) | null> {
  const whole = fields(shape);
  return (value, place) => {
    const given = objectAt(value, place);
    if (!given) return null;
    const read = whole(given, place);
    const missing = needed.filter((key) => read[key] === null || read[key] === undefined);
    if (missing.length === 0) return read as Read<F> & { [N in K]: NonNullable<Read<F>[N]> };
    place.warn(`needs ${missing.join(" and ")}`);
    return null;
  };
}

/** A list, without the entries that can't be used. */
export function list<T>(entry: Reader<T | null>): Reader<T[]> {
  const entries = check((value): value is unknown[] => Array.isArray(value), "a list", []);
  return (value, place) =>
    entries(value, place)
      .map((item, index) => entry(item, place.child(index)))
      .filter((item): item is NonNullable<Awaited<T>> & T => item !== null);
}

/** An object whose keys are the page's own. */
export function record<T>(entry: Reader<T | null>): Reader<Record<string, T> | null> {
  return (value, place) => {
    const given = objectAt(value, place);
    if (!given) return null;
    const read = Object.entries(given).map(
      ([key, item]) => [key, entry(item, place.child(key))] as const,
    );
    return Object.fromEntries(read.filter((pair): pair is [string, T & {}] => pair[1] !== null));
  };
}

export function isObject(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const objectAt: Reader<Given | null> = check(isObject, "an object", null);

function warnUnknown(key: string, names: readonly string[], place: Place): void {
  const meant = nearest(key, names);
  const hint = meant ? `did you mean ${meant}?` : `there is ${names.join(", ")}`;
  place.child(key).warn(`is no option: ${hint}`);
}
