/** What a table has by a name from outside, which may be `constructor`; nothing that is inherited. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
