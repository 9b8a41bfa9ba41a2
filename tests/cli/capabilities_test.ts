/** Process tracer with fewer capabilities than root. Needs root, to drop them. */
import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP, type CliResult } from "../support/cli.ts";
import { MOUNT_TRACEFS, privateMounts } from "../support/mounts.ts";

/** Runs the tracer without root and with these capabilities; tracefs is mounted for it alone. */
async function runWith(...capabilities: string[]): Promise<CliResult> {
  const before = await bpfState();
  const list = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const result = await runBriefly([BOOTSTRAP], {
    through: [
      ...[...privateMounts("/sys"), "/bin/sh", "-c", `${MOUNT_TRACEFS}; exec "$@"`, "sh"],
      ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      ...[`--inh-caps=${list}`, `--ambient-caps=${list}`],
    ],
  });
  await untilNothingAdded(before);
  return result;
}

Deno.test("the tracer runs with CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH", async () => {
  const { code, stdout, stderr } = await runWith("bpf", "perfmon", "dac_read_search");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^TIME /);
});

Deno.test("run hints at CAP_DAC_READ_SEARCH when tracepoints cannot be found", async () => {
  const { code, stderr } = await runWith("bpf", "perfmon");
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot attach .*\nhint: .*CAP_DAC_READ_SEARCH/);
});

Deno.test("run hints at CAP_PERFMON when programs cannot be loaded", async () => {
  const { code, stderr } = await runWith("bpf", "dac_read_search");
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot load .*EPERM/);
  assert.match(stderr, /\nhint: .*CAP_PERFMON/);
});
