/**
 * Gates of permissions, each left out in turn: the others must refuse what is not granted. The shim
 * that leaves them out is a test build; the shipped one has no such switch. Needs root.
 */
import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { fromFileUrl } from "../support/paths.ts";

/** Gates 1 to 5 of `libbpf-shim/attach_place.h`; "n" compares texts in place of what was opened. */
const ALL = "12345", NAIVE = "5n";
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

async function run(gates: readonly string[]): Promise<Report> {
  const url = (path: string) => new URL(path, import.meta.url).href;
  const map = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const imports = {
      ...project.imports,
      [url("../../ffi/assets.ts")]: url("../support/gates_assets.ts"),
    };
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--no-lock", `--import-map=${map}`],
        fromFileUrl("../programs/gate_attempts.ts"),
        ...gates,
      ],
      env: { TEST_SIGNAL_FUNCTION: await numberOf("bpf_send_signal_task") },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(map);
  }
}

Deno.test("each gate can be left out, and the others refuse every attempt", async () => {
  const { attempts, results } = await run([...ONE_LESS, ALL, NAIVE]);
  assert.ok(attempts >= 118, `${attempts} attempts`);
  for (const gates of ONE_LESS) assert.deepEqual(results[gates], [], `without gate ${gates}`);
  // Without any gate they do what they are for, as far as this kernel goes; so the list can fail.
  assert.ok((results[ALL] ?? []).length >= 60, `${results[ALL]?.length} of ${attempts} succeed`);
  // A check of texts is caught by the same attempts.
  assert.ok((results[NAIVE] ?? []).length >= 4, String(results[NAIVE]));
});
