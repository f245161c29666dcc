import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/**
 * Keep the frame above an on-screen keyboard.
 *
 * Phones lay the keyboard over the page and tell only the visual viewport. What of the frame lies
 * below that becomes its padding.
 */
export function useKeyboardInset(frame: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const viewport = globalThis.visualViewport;
    const shown = frame.current;
    if (!viewport || !shown) return;
    const fit = () => {
      // Zoomed in by pinching, the viewport is small for another reason.
      const visible = viewport.scale > 1.01 ? Infinity : viewport.offsetTop + viewport.height;
      const hidden = Math.max(0, shown.getBoundingClientRect().bottom - visible);
      shown.style.paddingBottom = hidden > 60 ? `${Math.round(hidden)}px` : "";
    };
    viewport.addEventListener("resize", fit);
    viewport.addEventListener("scroll", fit);
    return () => {
      viewport.removeEventListener("resize", fit);
      viewport.removeEventListener("scroll", fit);
    };
  }, [frame]);
}
