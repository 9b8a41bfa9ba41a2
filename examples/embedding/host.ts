// deno-lint-ignore-file no-console
import type { HostModules } from "../../runtime/mod.ts";

/** For guests with `__attribute__((import_module("app"), import_name("log")))`. */
export default {
  "app": {
    // void log(const char *text, int32_t size)
    "log": (memory, text: number, size: number) => {
      console.log("guest:", new TextDecoder().decode(memory.bytes(text, size)));
    },
    // int64_t now(void)
    "now": () => BigInt(Date.now()),
  },
} satisfies HostModules;
