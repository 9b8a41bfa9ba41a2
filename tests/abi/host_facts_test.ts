/** Facts about the host that a guest may read without a grant: PID, time zone, terminal width. */
import assert from "node:assert/strict";
import { WASM_BPF } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { assemble } from "../support/wat.ts";

/** Runs a command that imports `functions` and exits with the number that `body` leaves. */
async function ending(path: string, functions: string, body: string): Promise<void> {
  await Deno.writeFile(
    path,
    assemble(`(module ${functions}
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") (call $exit ${body})))`),
  );
}

Deno.test("local_offset() follows TZ, also in a confined thread", async () => {
  using folder = new TestFolder();
  const module = folder.at("offset.wasm");
  // 2026-07-01, in half hours, plus 20: an exit code is unsigned.
  const import_ = `(import "wasm_bpf_ext" "local_offset" (func $offset (param i64) (result i32)))`;
  const moment = "(call $offset (i64.const 1782864000))";
  await ending(module, import_, `(i32.add (i32.const 40) (i32.div_s ${moment} (i32.const 1800)))`);
  const zones = {
    "UTC": 0,
    "Europe/Berlin": 4,
    "Asia/Kolkata": 11,
    "America/St_Johns": -5,
    "CET-1CEST,M3.5.0,M10.5.0/3": 4,
  };
  for (const [TZ, halfHours] of Object.entries(zones)) {
    const { code, stderr } = await new Deno.Command(WASM_BPF, { args: [module], env: { TZ } })
      .output();
    assert.equal(code, 40 + halfHours, `${TZ} ${new TextDecoder().decode(stderr)}`);
  }
});

Deno.test("host_pid() returns the PID of wasm-bpf", async () => {
  using folder = new TestFolder();
  const module = folder.at("pid.wasm");
  const import_ = `(import "wasm_bpf_ext" "host_pid" (func $pid (result i32)))`;
  await ending(module, import_, "(i32.rem_u (call $pid) (i32.const 100))");
  const child = new Deno.Command(WASM_BPF, { args: [module], stdout: "null" }).spawn();
  assert.equal((await child.status).code, child.pid % 100);
});

Deno.test("run sets COLUMNS only, and only when standard output is a terminal", async () => {
  using folder = new TestFolder();
  const module = folder.at("environment.wasm");
  await Deno.writeFile(
    module,
    assemble(`(module
      (import "wasi_snapshot_preview1" "environ_sizes_get"
        (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 12)))
        (drop (call $get (i32.const 64) (i32.const 1024)))
        (i32.store (i32.const 8) (i32.const 1024))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 4)))))`),
  );
  const run = async (command: string, onTerminal: boolean) => {
    const words = onTerminal
      ? ["script", "-qec", `stty cols 77; ${command}`, "/dev/null"]
      : ["sh", "-c", command];
    const [program = "", ...args] = words;
    const { stdout } = await new Deno.Command(program, { args, stdin: "null" }).output();
    return new TextDecoder().decode(stdout).replaceAll("\0", "").trim();
  };
  const plain = `${WASM_BPF} ${module}`;
  assert.equal(await run(plain, true), "COLUMNS=77");
  assert.equal(await run(plain, false), "");
  assert.equal(await run(`${plain} | cat`, true), "");
  // Options take the long way.
  for (const options of ["--quiet", "--stdin null", "--stderr null", "run"]) {
    assert.equal(await run(`${WASM_BPF} ${options} ${module}`, true), "COLUMNS=77", options);
  }
  for (const options of ["--stdout null", `--stdout ${folder.at("out")}`]) {
    assert.equal(await run(`${WASM_BPF} ${options} ${module}`, true), "", options);
  }
  assert.equal((await Deno.readTextFile(folder.at("out"))).trim(), "");
  assert.equal(await run(`${WASM_BPF} --env COLUMNS=5 ${module}`, true), "COLUMNS=5");
});
