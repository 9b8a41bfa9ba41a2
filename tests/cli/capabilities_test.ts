/** What the process tracer can do with less than root has. Needs root, to give it away. */
import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { BOOTSTRAP, type CliResult, runCli } from "../support/cli.ts";
import { MOUNT_TRACEFS, privateMounts } from "../support/mounts.ts";

/** Runs the tracer as nobody with these capabilities, tracefs mounted where nobody else sees it. */
async function runWith(...capabilities: string[]): Promise<CliResult> {
  const before = await bpfState();
  const list = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const result = await runCli(["--timeout", "200ms", BOOTSTRAP], {
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

Deno.test("without CAP_DAC_READ_SEARCH tracepoints cannot be found, and the hint says so", async () => {
  const { code, stderr } = await runWith("bpf", "perfmon");
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot attach .*\nhint: .*CAP_DAC_READ_SEARCH/);
});

Deno.test("without CAP_PERFMON programs cannot be loaded, and the hint says so", async () => {
  const { code, stderr } = await runWith("bpf", "dac_read_search");
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot load .*EPERM/);
  assert.match(stderr, /\nhint: .*CAP_PERFMON/);
});
