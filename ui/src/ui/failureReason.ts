import type { Key } from "../i18n";
import { t } from "../i18n";
import type { Failure } from "../state";

import { failureText } from "./FailureCard";

/** What these mean holds of any request; other texts speak of a chat or its answer. */
const GENERAL: ReadonlySet<number | null> = new Set([401, 403, 413, 429]);

/** Why a request that was not for an answer failed, in words for the user. */
export function failureReason(failure: Failure | null, otherwise: Key): string {
  if (!failure) return t(otherwise);
  const { kind, message, status } = failure;
  return message || kind === "network" || GENERAL.has(status) ? failureText(failure) : t(otherwise);
}
