import type { ReadonlySignal } from "@preact/signals";
import { computed } from "@preact/signals";

import type { Options } from "../options";
import { type ImageRules, imageRules } from "../parts/images";
import type { Chat } from "../state";

/** Which images are shown: in the conversation that is, and in the page's own texts. */
export function imagesOf(chat: Chat, options: ReadonlySignal<Options>) {
  const listed = () => chat.conversation.value.thread.value?.allowed_image_domains ?? null;
  return { images: rules(options, listed), pageImages: rules(options, () => null) };
}

/** The same object until something else is said: texts are shown anew for another one. */
function rules(
  options: ReadonlySignal<Options>,
  listed: () => readonly string[] | null,
): ReadonlySignal<ImageRules> {
  const said = computed(() => {
    const { api, images } = options.value;
    return JSON.stringify([api.url, listed(), images.allowedDomains]);
  });
  return computed(() => imageRules(...(JSON.parse(said.value) as Parameters<typeof imageRules>)));
}
