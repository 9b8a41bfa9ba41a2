/** Shows the transfers of an artifact's parts. */
import type { TransferObserver } from "../../oci/mod.ts";
import type { Progress } from "./progress.ts";

const TITLE = "org.opencontainers.image.title";
const DIGEST_DIGITS = 12;

/**
 * Shows each part by its file's name, or by its digest.
 *
 * @param done result that is shown for a transferred part, such as `pulled`
 */
export function observing(progress: Progress, done: string): TransferObserver {
  return {
    start({ digest, size, annotations, mediaType }) {
      const short = digest.slice(digest.indexOf(":") + 1).slice(0, DIGEST_DIGITS);
      const isConfig = /config|empty|container\.image/.test(mediaType);
      const name = annotations?.[TITLE] ?? `${isConfig ? "config" : "layer"} ${short}`;
      const transfer = progress.start(name, size);
      return {
        update: (bytes) => transfer.update(bytes),
        wait: () => transfer.note("another process is pulling it"),
        end: (outcome) => transfer.end(outcome === "moved" ? done : outcome),
      };
    },
  };
}
