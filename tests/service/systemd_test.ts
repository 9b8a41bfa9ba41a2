import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { WASM_BPF } from "../support/cli.ts";

/** Runs systemd-analyze offline: no manager is needed. */
async function analyze(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["--no-pager", ...args],
    env: { SYSTEMD_LOG_LEVEL: "warning" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  return text;
}

const CASES: readonly [name: string, lines: string, limit: number][] = [
  ["observe", "{name: one, run: exitsnoop}", 3],
  ["network", `{name: one, run: ${WASM_BPF.replace(/wasm-bpf$/, "examples/xdp/xdp.wasm")}}`, 4],
  ["traced", '{name: one, run: exitsnoop, options: {pid: "1"}}', 4],
];

for (const [name, line, limit] of CASES) {
  Deno.test(`gen systemd writes a unit of ${name} that systemd accepts and rates at most ${limit}`, async () => {
    await using runs = new Background();
    const file = `${runs.folder}/runs 1%.yaml`;
    const unit = `${runs.folder}/wasm-bpf-test.service`;
    await Deno.writeTextFile(file, `runs:\n  - ${line}\n`);
    await runs.out("gen", "systemd", file, "-o", unit);
    assert.equal((await analyze("verify", "--man=no", unit)).trim(), "");
    const text = await analyze("security", "--offline=yes", "--no-pager", unit);
    const rating = Number(/Overall exposure level.*?: ([\d.]+)/.exec(text)?.[1]);
    assert.ok(rating <= limit, `${rating}\n${text}`);
  });
}

Deno.test("gen systemd gives only what the modules need", async () => {
  await using runs = new Background();
  const file = `${runs.folder}/runs.yaml`;
  await Deno.writeTextFile(file, "runs:\n  - {name: one, run: exitsnoop}\n");
  const observe = await runs.out("generate", "systemd", file);
  assert.match(
    observe,
    /^CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETPCAP CAP_PERFMON CAP_BPF$/m,
  );
  assert.match(observe, /^PrivateNetwork=yes$/m);
  const xdp = WASM_BPF.replace(/wasm-bpf$/, "examples/xdp/xdp.wasm");
  await Deno.writeTextFile(file, `runs:\n  - {name: one, run: ${xdp}}\n`);
  const network = await runs.out("gen", "systemd", file);
  assert.match(network, /^CapabilityBoundingSet=.*CAP_NET_ADMIN/m);
  assert.doesNotMatch(network, /PrivateNetwork/);
});
