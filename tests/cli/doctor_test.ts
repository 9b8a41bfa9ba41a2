/** `wasm-bpf doctor`: what it reports, with all rights and with none. */
import assert from "node:assert/strict";
import { runCli } from "../support/cli.ts";

interface Check {
  readonly group: string;
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}

async function examine(through: string[] = []): Promise<{ code: number; checks: Check[] }> {
  const { code, stdout, stderr } = await runCli(["doctor", "--json"], { through });
  assert.equal(stderr, "");
  return { code, checks: JSON.parse(stdout) };
}

function stateOf(checks: readonly Check[], name: string): string | undefined {
  return checks.find((check) => check.name === name)?.state;
}

Deno.test("doctor tries what this kernel allows root", async () => {
  const { code, checks } = await examine();
  assert.equal(code, 0);
  for (const name of ["BTF", "CAP_BPF", "tracepoint", "raw_tracepoint", "ring buffer", "memlock"]) {
    assert.equal(stateOf(checks, name), "ok", name);
  }
  assert.equal(stateOf(checks, "bpf_probe_read_kernel"), "ok");
  const names = checks.map(({ group, name }) => `${group} ${name}`);
  assert.equal(new Set(names).size, names.length);
  const text = (await runCli(["doctor"])).stdout;
  for (const { name } of checks) assert.ok(text.includes(name), name);
});

Deno.test("doctor reports missing rights with the next step, and exits with 1", async () => {
  const user = ["setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set", "-all"];
  const { code, checks } = await examine(user);
  assert.equal(code, 1);
  for (const name of ["CAP_BPF", "CAP_PERFMON", "raw_tracepoint", "fentry"]) {
    assert.equal(stateOf(checks, name), "missing", name);
  }
  const { stdout } = await runCli(["doctor", "-q"], { through: user });
  assert.match(stdout, /^hint: CAP_BPF: run as root/m);
  assert.equal((await runCli(["doctor", "x"])).code, 2);
});
