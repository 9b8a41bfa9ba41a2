/** Host functions for a spawned guest. */
import type { HostModules } from "../../runtime/mod.ts";

let calls = 0;

export default {
  "host": {
    "add": (_memory, a: number, b: number) => a + b,
    "fail": () => {
      throw new Error("no such luck");
    },
    "count": () => calls += 1,
  },
} satisfies HostModules;
