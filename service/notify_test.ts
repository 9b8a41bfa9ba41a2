import assert from "node:assert/strict";
import { ServiceManager } from "./notify.ts";

Deno.test("ServiceManager keeps its timer within the range of timers", () => {
  const { setInterval } = globalThis;
  let everyMs: number | undefined;
  globalThis.setInterval = ((_: unknown, ms: number) => {
    everyMs = ms;
    return 0;
  }) as typeof setInterval;
  try {
    const env: Record<string, string> = { NOTIFY_SOCKET: "/no/socket" };
    for (const [us, wanted] of [["400000", 200], ["18446744073709551615", 2 ** 31 - 1]] as const) {
      env["WATCHDOG_USEC"] = us;
      using _manager = new ServiceManager((name) => env[name]);
      assert.equal(everyMs, wanted);
    }
  } finally {
    globalThis.setInterval = setInterval;
  }
});
