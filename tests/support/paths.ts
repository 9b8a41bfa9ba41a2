/** Paths of the checkout, independent of the working directory. */
import { fileURLToPath } from "node:url";

/** Returns the absolute path of one relative to `tests/support`. */
export function fromFileUrl(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
