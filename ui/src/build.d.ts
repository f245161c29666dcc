/** What build.mjs puts in place of these names. */
declare const __VERSION__: string;
/** In the loader: the module to import, and what it imports in turn, relative to the loader. */
declare const __ENTRY__: string;
declare const __PRELOADS__: readonly string[];
