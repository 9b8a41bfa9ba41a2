/**
 * Opens, loads and attaches a tracing program again and again with permissions, and prints the
 * milliseconds of each round: those of `bench/permissions.ts`. SHIM_TEST_GATES names the gates that the
 * shim of `tests/support/gates_assets.ts` leaves out.
 *
 * Usage: gated_load.ts ROUNDS
 */
import type { Permissions } from "../../ebpf/mod.ts";
import { AttachRig } from "../../tests/support/attach_rig.ts";

/** Words that every gate has to look at. */
const PERMISSIONS: Permissions = {
  strict: true,
  allowBpf: ["observe"],
  denyHelper: ["bpf_send_signal"],
  allowAttach: ["tp:sched/*", "iface:lo"],
  denyAttach: ["uprobe:libc.so.6:malloc"],
};

/** Without gates nothing is decided, so that no rules are made, either. */
const permissions = Deno.env.get("SHIM_TEST_GATES") === "" ? PERMISSIONS : {};

const figures: number[] = [];
for (let round = 0; round < Number(Deno.args[0]); round++) {
  const start = performance.now();
  using rig = new AttachRig("trace", "on_tp", permissions);
  const result = rig.attach("");
  if (result !== "attached") throw result;
  figures.push(performance.now() - start);
}
// deno-lint-ignore no-console -- its output
console.log(figures.join("\n"));
