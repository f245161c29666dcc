import { formatBytes, t } from "../../i18n";
import type { Rejection } from "../../state";

/** Why a file was not taken, in words for the user. */
export function rejectionText({ file, reason, limit }: Rejection): string {
  const { name } = file;
  switch (reason) {
    case "size":
      return t("attachment.tooLarge", { name, size: formatBytes(limit ?? 0) });
    case "count":
      return t("attachment.tooMany", { count: limit ?? 0 });
    default:
      return t("attachment.wrongType", { name });
  }
}
