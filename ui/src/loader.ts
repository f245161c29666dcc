/** What a page's `<script src=".../chatkit.js" async>` runs: it fetches the element beside it. */

export {};

function load(): void {
  if (customElements.get("openai-chatkit")) return;
  const script = document.currentScript as HTMLScriptElement | null;
  if (!script?.src) {
    console.error(
      "ChatKit: load chatkit.js with <script src> and no type, or import chatkit.mjs instead.",
    );
    return;
  }
  for (const path of __PRELOADS__) preload(new URL(path, script.src).href, script.nonce);
  const entry = new URL(__ENTRY__, script.src).href;
  import(entry).catch((error: unknown) => {
    console.error(`ChatKit: ${entry} did not load.`, error);
  });
}

/** Begin to fetch a module that would otherwise be found out about only once another has come. */
function preload(href: string, nonce: string): void {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = href;
  link.nonce = nonce;
  document.head.append(link);
}

load();
