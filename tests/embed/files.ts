/** A host function that needs a file. */
import type { HostModules } from "../../runtime/mod.ts";

export default {
  "files": {
    "can_read": () => {
      try {
        Deno.readTextFileSync(new URL(import.meta.url));
        return 1;
      } catch {
        return 0;
      }
    },
  },
} satisfies HostModules;
