import assert from "node:assert/strict";
import { BPF_SIGNATURES, EXTENSION_SIGNATURES, WASI_SIGNATURES } from "../../runtime/signatures.ts";
import { guestPath, runCli } from "../support/cli.ts";
import {
  MAX,
  MIN,
  outputs,
  type Range,
  type Template,
  templates,
} from "../support/hostile_calls.ts";
import { TestFolder } from "../support/folder.ts";
import { GuestExit, HostileHost, Place, SIZE } from "../support/hostile_host.ts";
import { fromFileUrl } from "../support/paths.ts";
import { chooseSeed, Random } from "../support/random.ts";

const CALLS = Number(Deno.env.get("CALLS") ?? 10_000);
const SEED = chooseSeed();

/** Largest errno that user space may see: EHWPOISON. */
const MAX_ERRNO = 133;
const EBADF = 9;
const EFAULT = 14;

type Value = number | bigint;

/** Returns numbers on both sides of limits. */
function pools(host: HostileHost, random: Random): { small: number[]; large: bigint[] } {
  const small = [
    ...[0, 1, 2, 3, 4, 8, 21, 24, 25, 26, 27, 64, 4096, -1, -2, -8, MIN, MAX, MIN + 1],
    ...[SIZE, SIZE - 1, SIZE - 4, SIZE - 8, SIZE - 24, SIZE + 1, SIZE * 2],
    ...Object.values(Place),
    ...host.tokens.values(),
    ...host.strings,
    host.link,
    random.next() | 0,
    random.below(SIZE),
  ];
  const { object } = host;
  const high = BigInt(random.next()) << 32n;
  const large = [0n, 1n, 2n, 4n, -1n, 1n << 32n, object, object, object, object + (1n << 32n)];
  return { small, large: [...large, -(1n << 63n), (1n << 63n) - 1n, BigInt.asIntN(64, high)] };
}

/** Makes one argument wrong, or some or all of them random. */
function corrupt(template: Template, host: HostileHost, random: Random): {
  args: Value[];
  mustFail: boolean;
} {
  const args: Value[] = template.args.map(({ good }) => good);
  const breakable = template.args.flatMap(({ bad }, i) => bad.length > 0 ? [i] : []);
  const mode = random.below(5);
  if (mode < 2 && breakable.length > 0) {
    const i = random.pick(breakable);
    args[i] = random.pick(template.args[i]?.bad ?? []);
    return { args, mustFail: true };
  }
  const { small, large } = pools(host, random);
  template.args.forEach(({ bad }, i) => {
    if (mode < 4 && random.below(4) > 0) return;
    const pool = typeof args[i] === "bigint" ? large : small;
    args[i] = random.pick(random.below(3) === 0 && bad.length > 0 ? bad : pool);
  });
  return { args, mustFail: false };
}

/** Limits arguments of calls that could wait forever. */
function bound(host: HostileHost, name: string, args: readonly Value[]): void {
  const waits = /poll|buffer_read|user_ring_submit/.test(name);
  if (waits && (name === "poll_oneoff" || args.at(-1) !== 0)) host.interrupt.raise();
}

/** Imports whose results are not errors when they are negative: seconds west of Greenwich. */
const SIGNED_RESULTS: readonly string[] = ["local_offset"];

function checkResult(name: string, result: Value | undefined, mustFail: boolean): void {
  if (SIGNED_RESULTS.includes(name)) return assert.ok(Number.isInteger(result));
  if (typeof result === "bigint") {
    assert.ok(mustFail ? result === 0n : result >= 0n, `returns ${result}`);
    return;
  }
  assert.ok(Number.isInteger(result) && Number(result) >= -MAX_ERRNO, `returns ${result}`);
  if (mustFail) assert.ok(Number(result) < 0, `returns ${result}`);
}

function checkMemory(
  host: HostileHost,
  result: Value | undefined,
  ranges: readonly Range[],
): void {
  const untouched = result === -EFAULT || result === -EBADF;
  const changes = host.changesOutside(untouched ? [] : ranges);
  assert.equal(changes, undefined, `returns ${result} and writes ${JSON.stringify(changes)}`);
}

/** Runs a check, and reports on failure which call it was and how to repeat it. */
function during(seed: number, number: number, call: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`SEED=${seed}, call ${number}: ${call}: ${message}`, { cause: error });
  }
}

function show(name: string, args: readonly Value[]): string {
  return `${name}(${
    args.map((value) => typeof value === "bigint" ? `${value}n` : value).join(", ")
  })`;
}

// The shim compiles frequent calls at their first use, for the life of the process.
const sanitizers = { sanitizeResources: false };

Deno.test(
  "eBPF imports return errors for hostile arguments and write nowhere else",
  sanitizers,
  () => {
    const random = new Random(SEED);
    using host = new HostileHost();
    let calls = templates(host);
    let failed = 0;
    for (let number = 0; number < CALLS; number++) {
      const template = random.pick(calls);
      const { module, name } = template;
      const { args, mustFail } = corrupt(template, host, random);
      if (number % 100 === 0) host.sendEvent();
      host.fill();
      bound(host, name, args);
      during(SEED, number, show(name, args), () => {
        const ranges = outputs(host, module, name, args);
        const result = host.call(module, name, ...args);
        checkResult(name, result, mustFail);
        checkMemory(host, result, ranges);
        if (result === 0n || Number(result) < 0) failed++;
        if (/close|detach/.test(name) && result === 0) {
          host.renew();
          calls = templates(host);
        }
      });
    }
    // Successes and failures both occurred.
    assert.ok(failed > CALLS / 2 && failed < CALLS * 0.98, `${failed} of ${CALLS} failed`);
  },
);

Deno.test("every eBPF import has a template of hostile calls", sanitizers, () => {
  using host = new HostileHost();
  const names = new Set(templates(host).map(({ module, name }) => `${module}.${name}`));
  const imports = [
    ...Object.keys(BPF_SIGNATURES).map((name) => `wasm_bpf.${name}`),
    ...Object.keys(EXTENSION_SIGNATURES).map((name) => `wasm_bpf_ext.${name}`),
  ];
  const missing = imports.filter((name) => !names.has(name));
  assert.deepEqual(missing, [], "add them to tests/support/hostile_calls.ts");
});

Deno.test("the hostile guest calls every eBPF import", async () => {
  const path = fromFileUrl("../guests/hostile/hostile.c");
  const source = await Deno.readTextFile(path);
  const functions = [
    ...Object.keys(BPF_SIGNATURES),
    ...Object.keys(EXTENSION_SIGNATURES).map((name) => `wasm_bpf_${name}`),
  ];
  const missing = functions.filter((name) => !source.includes(`${name}(`));
  assert.deepEqual(missing, [], "add them to tests/guests/hostile/hostile.c");
});

Deno.test("operations accept any offset that they do not use", sanitizers, () => {
  using host = new HostileHost();
  const ENOENT = -2;
  const operate = (map: string, command: number, ...offsets: bigint[]) =>
    host.call(
      "wasm_bpf",
      "wasm_bpf_map_operate",
      host.tokens.get(map) ?? 0,
      command,
      ...offsets,
      0n,
    );
  const [key, value, none] = [BigInt(Place.Zeros), BigInt(Place.Buffer), -1n];
  assert.equal(operate("hash", 1, key, value, none), ENOENT);
  assert.equal(operate("hash", 2, key, value, none), 0);
  assert.equal(operate("hash", 4, 0n, none, value), 0);
  assert.equal(operate("hash", 3, key, none, none), 0);
  assert.equal(operate("queue", 2, none, value, 1n << 40n), 0);
  assert.equal(operate("queue", 1, none, value, none), 0);
  for (const offsets of [[none, value, 0n], [key, none, 0n]]) {
    assert.equal(operate("hash", 1, ...offsets), -EFAULT);
  }
  assert.equal(operate("hash", 4, none, 0n, value), -EFAULT);
  assert.equal(operate("hash", 4, 0n, 0n, none), -EFAULT);
});

/** Returns the ranges that a WASI function may write. */
function wasiOutputs(name: string, given: readonly Value[]): Range[] {
  const a = given.map((value) => Number(BigInt.asUintN(32, BigInt(value))));
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0] = a;
  const fixed: Record<string, Range[]> = {
    "args_get": [[a0, 8], [a1, 64]],
    "args_sizes_get": [[a0, 4], [a1, 4]],
    "environ_get": [[a0, 8], [a1, 64]],
    "environ_sizes_get": [[a0, 4], [a1, 4]],
    "clock_res_get": [[a1, 8]],
    "clock_time_get": [[a2, 8]],
    "fd_fdstat_get": [[a1, 24]],
    "fd_filestat_get": [[a1, 64]],
    "fd_prestat_get": [[a1, 8]],
    "fd_prestat_dir_name": [[a1, a2]],
    "fd_pread": [[a4, 4]],
    "fd_read": [[a3, 4]],
    "fd_readdir": [[a1, a2], [a4, 4]],
    "fd_seek": [[a3, 8]],
    "fd_tell": [[a1, 8]],
    "fd_write": [[a3, 4]],
    "fd_pwrite": [[a4, 4]],
    "path_filestat_get": [[a4, 64]],
    "path_open": [[a[8] ?? 0, 4]],
    "path_readlink": [[a3, a4], [a5, 4]],
    "poll_oneoff": [[a1, a2 * 32], [a3, 4]],
    "random_get": [[a0, a1]],
    "sock_accept": [[a2, 4]],
    "sock_recv": [[a4, 4], [a5, 2]],
    "sock_send": [[a4, 4]],
  };
  return fixed[name] ?? [];
}

/** Turns some of the arguments into paths, and others into directories. */
function hitPaths(
  host: HostileHost,
  random: Random,
  { name, args }: { name: string; args: Value[] },
): void {
  const letters = (WASI_SIGNATURES[name] ?? "").split(":")[0] ?? "";
  for (let i = 0; i < letters.length; i++) {
    if (letters[i] !== "i") continue;
    args[i] = random.pick<Value>([3, 3, 0, 1, 4, random.pick(host.strings), args[i] ?? 0]);
  }
}

/** Returns the ranges that a read may fill, from its iovecs. */
function readInto(host: HostileHost, name: string, args: readonly Value[]): Range[] {
  if (!/^fd_p?read$/.test(name)) return [];
  const [iovs, count] = [Number(args[1]) >>> 0, Math.min(Number(args[2]) >>> 0, 100_000)];
  return Array.from(
    { length: count },
    (_, i): Range => [host.u32(iovs + i * 8), host.u32(iovs + i * 8 + 4)],
  );
}

/** Largest errno of the specification. */
const WASI_LAST_ERRNO = 76;

Deno.test("WASI returns errors for hostile arguments and writes nowhere else", sanitizers, () => {
  const random = new Random(SEED);
  using folder = new TestFolder();
  using host = new HostileHost({ folder: folder.path });
  const module = "wasi_snapshot_preview1";
  const names = Object.keys(WASI_SIGNATURES).filter((name) => !/^proc_/.test(name));
  for (let number = 0; number < CALLS / 2; number++) {
    const name = random.pick(names);
    const [parameters = ""] = (WASI_SIGNATURES[name] ?? "").split(":");
    const { small, large } = pools(host, random);
    const args = [...parameters].map((type) => random.pick<Value>(type === "I" ? large : small));
    // Keeps standard streams of the test away from the guest.
    if (name.startsWith("fd_") && random.below(2) === 0) args[0] = random.pick([4, 99, MIN, -1]);
    if (name.startsWith("path_") && random.below(4) > 0) hitPaths(host, random, { name, args });
    // Keeps the directory open, so that there is something to open.
    if (/close|renumber/.test(name) && args.includes(3)) args.fill(4);
    host.fill();
    bound(host, name, args);
    during(SEED, number, show(name, args), () => {
      const result = host.call(module, name, ...args);
      assert.ok(Number.isInteger(result), `returns ${result}`);
      assert.ok(Number(result) >= 0 && Number(result) <= WASI_LAST_ERRNO, `returns ${result}`);
      const changes = host.changesOutside([
        ...wasiOutputs(name, args),
        ...readInto(host, name, args),
      ]);
      assert.equal(changes, undefined, `returns ${result} and writes ${JSON.stringify(changes)}`);
    });
  }
  assert.throws(() => host.call(module, "proc_exit", MIN), GuestExit);
  assert.throws(() => host.call(module, "proc_raise", 15), GuestExit);
  for (const signal of [0, 31, 255, MIN]) assert.equal(host.call(module, "proc_raise", signal), 28);
});

Deno.test("the binary survives a guest that calls every import with hostile arguments", async () => {
  const { code, signal, stdout, stderr } = await runCli([
    ...[guestPath("hostile"), String(SEED), "1000"],
  ]);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, `SEED=${SEED}\n${stderr}`);
  const [, failed = ""] = /^calls 1000 failed (\d+) crossed 0\n$/.exec(stdout) ?? [];
  assert.ok(Number(failed) > 500, `SEED=${SEED}\n${stdout}`);
});
