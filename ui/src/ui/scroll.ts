import type { Signal } from "@preact/signals";

const NEAR_PX = 48;
const AWAY_PX = 160;
const GLIDE_MS = 900;

/** Where a reader is: the first item in view, and how far it is from the top of the view. */
export interface Place {
  readonly key: string;
  readonly top: number;
}

/**
 * Decides when the list of messages may move, and otherwise sees to it that it doesn't.
 *
 * It follows what comes only from near the end. Any move up by the reader lets go, until they are
 * back at the end or ask for it.
 */
export class Scroll {
  readonly #away: Signal<boolean>;
  readonly #view: HTMLElement;
  readonly #mayFollow: () => boolean;
  readonly #resizes: ResizeObserver;
  #following = true;
  #top = 0;
  #height = 0;
  #gliding: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param away Is told whether the end is out of sight.
   * @param mayFollow Whether what grows may be followed now.
   */
  constructor(
    view: HTMLElement,
    content: HTMLElement,
    away: Signal<boolean>,
    mayFollow: () => boolean,
  ) {
    this.#view = view;
    this.#away = away;
    this.#mayFollow = mayFollow;
    this.#resizes = new ResizeObserver(this.#resized);
    this.#resizes.observe(view);
    this.#resizes.observe(content);
    view.addEventListener("scroll", this.#scrolled, { passive: true });
    view.addEventListener("wheel", this.#wheeled, { passive: true });
  }

  dispose(): void {
    clearTimeout(this.#gliding);
    this.#resizes.disconnect();
    this.#view.removeEventListener("scroll", this.#scrolled);
    this.#view.removeEventListener("wheel", this.#wheeled);
  }

  /** Go to the end, and follow from there. */
  toEnd(behavior: "instant" | "smooth" = "instant"): void {
    this.#following = true;
    this.#away.value = false;
    const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    if (behavior === "smooth" && !calm) this.#glide();
    else this.#jump();
  }

  /** Where the reader is now; null with nothing in view. */
  place(): Place | null {
    const top = this.#view.getBoundingClientRect().top;
    for (const item of this.#view.querySelectorAll<HTMLElement>("[data-key]")) {
      const box = item.getBoundingClientRect();
      if (box.bottom > top) return { key: item.dataset["key"]!, top: box.top - top };
    }
    return null;
  }

  /** Undo what items that came in above have moved. */
  restore({ key, top }: Place): void {
    const item = this.#view.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!item) return;
    // The browser's own anchoring would undo it a second time.
    this.#view.style.overflowAnchor = "none";
    const moved = item.getBoundingClientRect().top - this.#view.getBoundingClientRect().top - top;
    this.#view.scrollTop += moved;
    this.#top = this.#view.scrollTop;
    requestAnimationFrame(() => (this.#view.style.overflowAnchor = ""));
  }

  /** Go there in a movement, and be there at its end, wherever the end is by then. */
  #glide(): void {
    clearTimeout(this.#gliding);
    this.#view.scrollTo({ top: this.#view.scrollHeight, behavior: "smooth" });
    this.#gliding = setTimeout(() => {
      this.#gliding = undefined;
      if (this.#following) this.#jump();
    }, GLIDE_MS);
  }

  #jump(): void {
    clearTimeout(this.#gliding);
    this.#gliding = undefined;
    this.#view.scrollTo({ top: this.#view.scrollHeight, behavior: "instant" });
  }

  get #distance(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.#view;
    return scrollHeight - clientHeight - scrollTop;
  }

  readonly #resized = () => {
    if (this.#following && this.#mayFollow()) this.#view.scrollTop = this.#view.scrollHeight;
    // What has outgrown the view while it might not be followed isn't caught up with later.
    else if (this.#distance > NEAR_PX && this.#gliding === undefined) this.#following = false;
    this.#away.value = this.#distance > AWAY_PX;
  };

  readonly #scrolled = () => {
    const { scrollTop, scrollHeight } = this.#view;
    // What shrinks moves the view up as well, and nobody meant it.
    const up = scrollTop < this.#top && scrollHeight >= this.#height;
    if (up) this.#following = false;
    if (this.#distance <= (up ? 1 : NEAR_PX)) this.#following = true;
    this.#away.value = this.#distance > AWAY_PX;
    this.#top = scrollTop;
    this.#height = scrollHeight;
  };

  readonly #wheeled = ({ deltaY }: WheelEvent) => {
    if (deltaY < 0 && this.#view.scrollTop > 0) this.#following = false;
  };
}
