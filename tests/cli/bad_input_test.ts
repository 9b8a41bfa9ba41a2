import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { privateMounts } from "../support/mounts.ts";
import { BOOTSTRAP, type CliOptions, type CliResult, runCli } from "../support/cli.ts";
import { assemble } from "../support/wat.ts";

/** Runs a module made of `bytes`. */
async function runBytes(bytes: Uint8Array): Promise<CliResult> {
  const path = await Deno.makeTempFile({ prefix: "guest-", suffix: ".wasm" });
  try {
    await Deno.writeFile(path, bytes);
    return await runCli([path]);
  } finally {
    await Deno.remove(path);
  }
}

/** One error, one hint, nothing else; nothing on standard output. */
function assertOneError(result: CliResult, code: number, error: RegExp, hint: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /^error: [^\n]*\n(?: {2}[^\n]*\n)*hint: [^\n]*\n$/);
  assert.match(result.stderr, error);
  assert.match(result.stderr, hint);
}

/** A core module whose only fault is what `body` has or lacks. */
function text(body: string): Uint8Array {
  return assemble(`(module ${body})`);
}

const START = `(func (export "_start"))`;
const MEMORY = `(memory (export "memory") 1)`;

Deno.test("a file that is missing", async () => {
  assertOneError(await runCli(["/no/such/guest.wasm"]), 1, /no such file/, /check the path/);
});

Deno.test("a folder", async () => {
  assertOneError(await runCli(["/"]), 1, /is a directory/, /\.wasm file/);
});

Deno.test("an empty file", async () => {
  assertOneError(await runBytes(new Uint8Array()), 1, /is empty/, /\.wasm file/);
});

Deno.test("a file that is not Wasm", async () => {
  const bytes = new TextEncoder().encode("#!/bin/sh\necho hello\n");
  assertOneError(await runBytes(bytes), 1, /not a WebAssembly module/, /\.wasm file/);
});

Deno.test("Wasm that is cut off", async () => {
  const whole = await Deno.readFile(BOOTSTRAP);
  for (const size of [6, 9, 100, whole.length >> 1, whole.length - 1]) {
    assertOneError(await runBytes(whole.subarray(0, size)), 1, /damaged|cut off/, /./);
  }
});

Deno.test("a component", async () => {
  const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  assertOneError(await runBytes(bytes), 1, /is a component/, /wasm32-wasip1/);
});

Deno.test("run refuses an import of an unknown module", async () => {
  const bytes = text(`(import "env" "missing_function" (func)) ${MEMORY} ${START}`);
  assertOneError(
    await runBytes(bytes),
    1,
    /"missing_function" of module "env"/,
    /--allow-undefined/,
  );
});

Deno.test("an import that a newer wasm-bpf provides", async () => {
  const bytes = text(`(import "wasm_bpf" "from_the_future" (func)) ${MEMORY} ${START}`);
  assertOneError(await runBytes(bytes), 1, /"from_the_future"/, /wasm_bpf interface/);
});

Deno.test("an import of JavaScript's own properties", async () => {
  for (const [module, name] of [["wasm_bpf", "constructor"], ["constructor", "assign"]]) {
    const bytes = text(`(import "${module}" "${name}" (func)) ${MEMORY} ${START}`);
    assertOneError(await runBytes(bytes), 1, /missing import/, /./);
  }
});

Deno.test("a memory that is imported", async () => {
  const bytes = text(`(import "env" "memory" (memory 1)) ${START}`);
  assertOneError(await runBytes(bytes), 1, /missing import: memory "memory"/, /threads/);
});

Deno.test("no memory", async () => {
  assertOneError(await runBytes(text(START)), 1, /no memory/, /wasm32-wasip1/);
});

Deno.test("no _start", async () => {
  assertOneError(await runBytes(text(MEMORY)), 1, /"_start"/, /main function/);
});

Deno.test("a reactor", async () => {
  const bytes = text(`${MEMORY} (func (export "_initialize"))`);
  assertOneError(await runBytes(bytes), 1, /"_start"/, /reactor/);
});

Deno.test("wrong usage", async () => {
  for (
    const args of [
      ["run"],
      ["--no-such-option", BOOTSTRAP],
      ["--timeout"],
      ["--timeout", "soon", BOOTSTRAP],
      ["--timeout", "0s", BOOTSTRAP],
      ["--verbose=yes", BOOTSTRAP],
    ]
  ) {
    assertOneError(await runCli(args), 2, /^error: /, /./);
  }
});

/** Runs the tracer where something is missing: the guest ends with 1 because its load failed. */
async function runWithout(options: CliOptions): Promise<CliResult> {
  const before = await bpfState();
  const result = await runCli(["--timeout", "120s", BOOTSTRAP], options);
  await untilNothingAdded(before);
  return result;
}

Deno.test("not root", async () => {
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  assertOneError(await runWithout({ through }), 1, /EPERM/, /run as root.*CAP_BPF/);
});

Deno.test("a kernel without BTF", async () => {
  const script = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"';
  const through = [...privateMounts("/sys"), "/bin/sh", "-c", script, "sh"];
  assertOneError(await runWithout({ through }), 1, /^error: Cannot load/, /CONFIG_DEBUG_INFO_BTF/);
});
