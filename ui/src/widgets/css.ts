/** Declarations by the names that the CSSOM has for properties. */
export type Style = Record<string, string>;

/** What could load something, or take a value from elsewhere. */
const REACHES_OUT = /url|image|src|attr|var|env|\\/i;

/** A CSS value from a server, if it is one for the property and stays within itself. */
export function css(property: string, value: unknown): string | undefined {
  if (typeof value !== "string" || REACHES_OUT.test(value)) return undefined;
  return CSS.supports(property, value) ? value : undefined;
}

/** A style without the declarations that have no value. */
export function style(declarations: Record<string, string | undefined>): Style {
  const given = Object.entries(declarations).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Style;
}
