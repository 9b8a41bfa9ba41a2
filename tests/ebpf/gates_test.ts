/**
 * Gates of permissions, each left out in turn: the others must refuse what is not granted. The shim
 * that leaves them out is a test build; the shipped one has no such switch. Needs root.
 */
import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { errno } from "../../ffi/mod.ts";
import { type Attempts, runCalls } from "../support/attempts.ts";
import { fromFileUrl } from "../support/paths.ts";

/** Gates 1 to 5 of `libbpf-shim/attach_place.h`; "n" compares texts in place of what was opened. */
const ALL = "12345", NAIVE = "5n";
/** List of system calls of the guest's thread. */
const CALL_LIST = "6";
const ONE_LESS = ["", "1", "2", "3", "4", "5"];

interface Report {
  readonly attempts: number;
  readonly results: Readonly<Record<string, readonly string[]>>;
}

async function numberOf(name: string): Promise<string> {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "raw"],
  }).output();
  return new RegExp(`^\\[(\\d+)\\] FUNC '${name}'`, "m")
    .exec(new TextDecoder().decode(stdout))?.[1] ?? "0";
}

/** Calls `use` with the options of a runtime that loads the shim with gates. */
async function withGates<T>(use: (options: string[]) => Promise<T>): Promise<T> {
  const url = (path: string) => new URL(path, import.meta.url).href;
  const map = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const imports = {
      ...project.imports,
      [url("../../ffi/assets.ts")]: url("../support/gates_assets.ts"),
    };
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    return await use(["--no-lock", `--import-map=${map}`]);
  } finally {
    await Deno.remove(map);
  }
}

async function run(gates: readonly string[]): Promise<Report> {
  return await withGates(async (options) => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", ...options],
        fromFileUrl("../programs/gate_attempts.ts"),
        ...gates,
      ],
      env: { TEST_SIGNAL_FUNCTION: await numberOf("bpf_send_signal_task") },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  });
}

Deno.test("each gate can be left out, and the others refuse every attempt", async () => {
  const { attempts, results } = await run([...ONE_LESS, ALL, NAIVE]);
  assert.ok(attempts >= 190, `${attempts} attempts`);
  for (const gates of ONE_LESS) assert.deepEqual(results[gates], [], `without gate ${gates}`);
  // Without any gate they do what they are for, as far as this kernel goes; so the list can fail.
  assert.ok((results[ALL] ?? []).length >= 60, `${results[ALL]?.length} of ${attempts} succeed`);
  // A check of texts is caught by the same attempts.
  assert.ok((results[NAIVE] ?? []).length >= 4, String(results[NAIVE]));
});

Deno.test("without the list of system calls, the broker refuses every attempt", async () => {
  const { attempts, results } = await run([CALL_LIST, `${ALL}${CALL_LIST}`]);
  assert.ok(attempts >= 170, `${attempts} attempts`);
  assert.deepEqual(results[CALL_LIST], []);
  const done = results[`${ALL}${CALL_LIST}`] ?? [];
  assert.ok(done.length >= 60, `${done.length} of ${attempts} succeed without any gate`);
});

/** Calls of eBPF that take a capability: program, map, ids, types of the kernel, statistics. */
const PRIVILEGED = [
  ...["bpf: create a map", "bpf: load a program", "bpf: load with an upper half"],
  ...["load a program in a new thread", "perf_event_open", "socket: raw", "socket: packet"],
  ...[5, 11, 12, 13, 14, 16, 18, 19, 20, 23, 30, 31, 32].map(command),
];

/**
 * Commands that take no capability, but a program or link, of which the guest's thread has no descriptor,
 * or a path: pin, get a pin, attach, detach, test, link, iterate. They go on to their arguments.
 */
const WITHOUT_OBJECT = [6, 7, 8, 9, 10, 17, 28, 29, 33, 34, 35].map(command);

/** Commands that only the list refuses: facts of a map of its own, and making it read-only. */
const OWN_MAPS = [15, 22].map(command);

function command(number: number): string {
  return `bpf command ${String(number).padStart(2, "0")}`;
}

Deno.test("without the list of system calls, capabilities keep the guest's thread from bpf(2)", async () => {
  const { success, stdout, stderr } = await withGates((options) =>
    runCalls({ options, env: { SHIM_TEST_GATES: CALL_LIST } })
  );
  assert.ok(success, new TextDecoder().decode(stderr));
  const { results } = JSON.parse(new TextDecoder().decode(stdout)) as Attempts;
  const after = new Map(results.map((one) => [one.name, one.after]));
  const refused = [-errno("EPERM"), -errno("EACCES")];
  for (const name of PRIVILEGED) {
    assert.ok(refused.includes(after.get(name) ?? 0), `${name}: ${after.get(name)}`);
  }
  const arguments_ = [-errno("EINVAL"), -errno("EBADF"), -errno("EFAULT")];
  for (const name of [...WITHOUT_OBJECT, ...OWN_MAPS]) {
    assert.ok(arguments_.includes(after.get(name) ?? 0), `${name}: ${after.get(name)}`);
  }
});
