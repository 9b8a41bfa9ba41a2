import assert from "node:assert/strict";
import { linkedSignal } from "./linked_signal.ts";

Deno.test("linkedSignal() aborts with the first signal, and its reason", () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const signal = linkedSignal(undefined, a.signal, b.signal);
  assert.equal(signal.aborted, false);
  b.abort("b");
  a.abort("a");
  assert.equal(signal.reason, "b");
  assert.equal(linkedSignal(new AbortController().signal, a.signal, b.signal).reason, "a");
});

Deno.test("an abort is not lost when garbage is collected", async () => {
  const module = new URL("linked_signal.ts", import.meta.url).href;
  const script = `
    import { linkedSignal } from ${JSON.stringify(module)};
    const [late, caller] = [new AbortController(), new AbortController()];
    // Nobody but the listener has the signal, as when fetch() has it.
    (() => linkedSignal(caller.signal, late.signal).addEventListener("abort", () => console.log("aborted")))();
    for (let i = 0; i < 5; i++) {
      gc();
      // time: the next task, up to which weak references are kept
      await new Promise((resolve) => setTimeout(resolve));
    }
    caller.abort();
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--v8-flags=--expose-gc", script],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "aborted\n");
});
