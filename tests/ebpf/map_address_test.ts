/** Programs that read memory of the kernel by the address of a map. Needs root. */
import assert from "node:assert/strict";
import { inspectObject } from "../../ebpf/inspection/mod.ts";
import { libbpfVersion } from "../../runtime/mod.ts";
import { runCli } from "../support/cli.ts";
import { elfOf } from "../support/object_guest.ts";
import { fromFileUrl } from "../support/paths.ts";
import { Loaded } from "../support/permission_object.ts";

// Loads the shim, which stays, before the first test can be blamed for it.
libbpfVersion();

const OBJECT = elfOf("map_address");
const { programs } = inspectObject(OBJECT);

/** Level of the kinds of the programs, without what they read. */
const KIND = { "raw_tracepoint": "observe", "sched_cls": "network" } as const;

for (const { name, type, levels } of programs) {
  const kind = KIND[type as keyof typeof KIND];
  const reads = name !== "plainly";

  Deno.test(`${name} ${reads ? "needs" : "does not need"} inspect`, () => {
    assert.equal(levels.includes("inspect"), reads);
    using without = new Loaded(OBJECT, { strict: true, allowBpf: ["observe", kind] }, name);
    if (reads) {
      assert.equal(without.error?.code, "EPERM");
      assert.match(without.error.message, /by the address of a map: level inspect/);
    } else {
      assert.equal(without.error, undefined);
    }
    using granted = new Loaded(
      OBJECT,
      { strict: true, allowBpf: ["observe", kind, "inspect"] },
      name,
    );
    assert.equal(granted.error, undefined);
  });
}

Deno.test("inspect shows what a program reads by the address of a map", async () => {
  const path = fromFileUrl("../../dist/tests/map_address.bpf.o");
  const { stdout } = await runCli(["inspect", path]);
  assert.match(stdout, /^ +directly +raw_tracepoint .* inspect +memory by the address of a map$/m);
  assert.match(stdout, /; reads memory of processes and the kernel; /);
});
