/** Paths of the checkout, whatever folder the tests are started in. */
import { fileURLToPath } from "node:url";

/** A path relative to `tests/support`, absolute. */
export function fromFileUrl(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
