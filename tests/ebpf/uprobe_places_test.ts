/**
 * Locations of uprobes. A breakpoint in another process's code is a write, so each location is
 * checked.
 */
import assert from "node:assert/strict";
import { CliProcess, guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";
import { MemoryFile } from "../support/memory_file.ts";

const GUEST = ["--timeout", "120s", guestPath("attach"), "trace"];
const MAY_WRITE = ["--allow-write-user", ...GUEST];
const NEEDS_PERMISSION = /EPERM \(a uprobe at an offset writes.*\nhint: .*--allow-write-user/;

/** Program whose function denies access: see `tests/programs/granting.c`. */
const VICTIM = fromFileUrl("../../dist/tests/granting");
await build();

async function build(): Promise<void> {
  const fresh = `${VICTIM}.${Deno.pid}`;
  const source = fromFileUrl("../programs/granting.c");
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-no-pie", "-o", fresh, source);
  await Deno.rename(fresh, VICTIM);
}

/** Running instance of the program. */
class Victim implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(path = VICTIM) {
    this.#child = new Deno.Command(path, { stdin: "piped", stdout: "piped" }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lets it decide, and returns the words that it prints: decision, semaphore, number. */
  async decide(): Promise<string[]> {
    await this.#input.write(new Uint8Array(1));
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("the victim ended");
      line += value;
    }
    return line.trim().split(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}

/** Attaches one program; returns the guest's result and the user's messages. */
async function attach(
  args: readonly string[],
  program: string,
  target: string,
): Promise<{ answer: number; stderr: string }> {
  await using guest = new CliProcess([...args, program, target]);
  const [, answer] = await guest.waitFor(new RegExp(`^${program} (-?\\d+)$`, "m"));
  // A refused guest ends by itself.
  if (answer === "0") guest.kill("SIGINT");
  const { stderr } = await guest.result();
  return { answer: Number(answer), stderr };
}

async function assertRefused(
  args: readonly string[],
  [program, target]: readonly [string, string],
  [expected, words]: readonly [number, RegExp],
): Promise<void> {
  const { answer, stderr } = await attach(args, program, target);
  assert.equal(answer, expected, `${target}: ${stderr}`);
  assert.match(stderr, words);
}

/** Returns the boundaries of a function's instructions, and its size, as objdump prints them. */
async function boundaries(symbol: string): Promise<{ starts: Set<number>; size: number }> {
  const text = await succeed("llvm-objdump", "-d", `--disassemble-symbols=${symbol}`, VICTIM);
  const all = [...text.matchAll(/^\s*([\da-f]+): ((?:[\da-f]{2} ?)+)\s*(\S*)/gm)];
  // Padding follows the return.
  const lines = all.slice(0, 1 + all.findIndex((line) => line[3]?.startsWith("ret")));
  const first = parseInt(lines[0]?.[1] ?? "", 16);
  const starts = new Set(lines.map((line) => parseInt(line[1] ?? "", 16) - first));
  const size = lines.reduce((sum, line) => sum + (line[2] ?? "").trim().split(" ").length, 0);
  assert.ok(starts.size > 1 && size > starts.size);
  return { starts, size };
}

Deno.test("a uprobe inside an instruction does not change a program's decision", async () => {
  await using victim = new Victim();
  for (const args of [GUEST, MAY_WRITE]) {
    await using guest = new CliProcess([...args, "on_uprobe", `${VICTIM}:wasm_bpf_test_allowed+1`]);
    await guest.waitFor(/^on_uprobe /m);
    assert.deepEqual(await victim.decide(), ["denied", "0", "7"]);
    assert.match(guest.stdout, args === GUEST ? /^on_uprobe -1$/m : /^on_uprobe -22$/m);
  }
});

Deno.test("a uprobe at an offset requires --allow-write-user", async () => {
  const { starts, size } = await boundaries("wasm_bpf_test_allowed");
  for (let offset = 1; offset <= size; offset++) {
    const place = ["on_uprobe", `${VICTIM}:wasm_bpf_test_allowed+${offset}`] as const;
    await assertRefused(GUEST, place, [-1, NEEDS_PERMISSION]);
    if (starts.has(offset)) {
      assert.deepEqual(await attach(MAY_WRITE, ...place), { answer: 0, stderr: "" });
    } else {
      const words = offset === size ? /not inside the function/ : /inside an instruction/;
      await assertRefused(MAY_WRITE, place, [-22, words]);
    }
  }
});

for (
  const [program, answer, words] of [
    ["on_uprobe_inside", -1, NEEDS_PERMISSION],
    ["on_uprobe_inside_hex", -1, NEEDS_PERMISSION],
    ["on_uretprobe_inside", -22, /a return probe takes no offset/],
    ["on_uprobe_multi_inside", -2, /no such function/],
    ["on_uprobe_session_inside", -2, /no such function/],
    ["on_uprobe_own", -1, /executable of wasm-bpf itself/],
    ["on_uprobe_multi_own", -1, /executable of wasm-bpf itself/],
    ["on_usdt_own", -1, /executable of wasm-bpf itself/],
  ] as const
) {
  Deno.test(`attach checks the location in the section of ${program} like a target`, async () => {
    await assertRefused(GUEST, [program, "-"], [answer, words]);
  });
}

for (
  const [symbol, words] of [
    // The check ends at bytes that it cannot decode; only the entry needs no check.
    ["wasm_bpf_test_undecodable+5", /cannot be decoded/],
    ["wasm_bpf_test_undecodable+4096", /not inside the function/],
    ["wasm_bpf_test_undecodable+1099511627776", /not inside the function/],
    ["wasm_bpf_test_data+0", /no such function/],
    ["wasm_bpf_test_number", /no such function/],
    ["wasm_bpf_test_after", /no such function/],
    ["4198736", /no such function/],
    ["0x401150", /no such function/],
    ["+1", /missing symbol/],
    ["wasm_bpf_test_allowed+-1", /not between|not a number/],
    ["wasm_bpf_test_allowed@0", /PID 0/],
  ] as const
) {
  Deno.test(`attach refuses a uprobe to ${symbol} with every permission`, async () => {
    const { answer, stderr } = await attach(MAY_WRITE, "on_uprobe", `${VICTIM}:${symbol}`);
    assert.ok(answer < 0, stderr);
    assert.match(stderr, words);
  });
}

/* ---- refused files --------------------------------------------------------------------------- */

Deno.test("attach refuses wasm-bpf's own executable under any name", async () => {
  const folder = await Deno.makeTempDir({ dir: fromFileUrl("../../dist/tests") });
  try {
    await Deno.link(WASM_BPF, `${folder}/linked`);
    await Deno.symlink(WASM_BPF, `${folder}/symbolic`);
    await Deno.copyFile(WASM_BPF, `${folder}/copied`);
    const names = [
      ...["linked", "symbolic", "copied"].map((name) => `${folder}/${name}`),
      ...[WASM_BPF, "/proc/self/exe", "/proc/thread-self/exe", `/proc/${Deno.pid}/root${WASM_BPF}`],
    ];
    for (const name of names) {
      for (const program of ["on_uprobe", "on_uprobe_multi"]) {
        const words = /EPERM \(it is the executable of wasm-bpf itself\)/;
        await assertRefused(MAY_WRITE, [program, `${name}:main`], [-1, words]);
      }
    }
    // Also through PATH.
    const env = { PATH: `${folder}:${Deno.env.get("PATH")}` };
    const { stdout } = await runCli([...GUEST, "on_uprobe", "linked:main"], { env });
    assert.match(stdout, /^on_uprobe -1$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("attach refuses files in memory, and deleted files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using memory = new MemoryFile(await Deno.readFile(VICTIM));
    const deleted = `${folder}/deleted`;
    await Deno.copyFile(VICTIM, deleted);
    await using victim = new Victim(deleted);
    await victim.decide();
    await Deno.remove(deleted);
    await Deno.symlink(`/proc/${Deno.pid}/fd/${memory.fd}`, `${folder}/link`);
    for (
      const [path, answer, words] of [
        [`/proc/${victim.pid}/exe`, -1, /in memory only, or was deleted/],
        [`/proc/${Deno.pid}/fd/${memory.fd}`, -1, /not followed/],
        [`//proc/${Deno.pid}/task//${Deno.pid}/fd/${memory.fd}`, -1, /not followed/],
        // A module may not learn whether such a descriptor exists.
        [`/proc/${Deno.pid}/fd/99999`, -1, /not followed/],
        [`${folder}/link`, -2, /no such ELF file/],
        [`/proc/${Deno.pid}/root/proc/${Deno.pid}/fd/${memory.fd}`, -2, /no such ELF file/],
        [`/proc/${Deno.pid}/../${Deno.pid}/fd/${memory.fd}`, -2, /no such ELF file/],
      ] as const
    ) {
      const place = ["on_uprobe", `${path}:wasm_bpf_test_allowed`] as const;
      await assertRefused(MAY_WRITE, place, [answer, words]);
      const usdt = ["on_usdt", `${path}:wasm_bpf_test:counted`] as const;
      await assertRefused(MAY_WRITE, usdt, [answer, words]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("no descriptor leads to the code of wasm-bpf's library while a module runs", async () => {
  await using guest = new CliProcess([...GUEST, "on_tp", "-"]);
  await guest.waitFor(/^attached$/m);
  const open: string[] = [];
  const namesIn = (folder: string) => Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  // A thread can have its own descriptor table.
  for (const task of await namesIn(`/proc/${guest.pid}/task`)) {
    const folder = `/proc/${guest.pid}/task/${task}/fd`;
    // It may end meanwhile, and descriptors may be closed.
    for (const name of await namesIn(folder).catch(() => [])) {
      open.push(await Deno.readLink(`${folder}/${name}`).catch(() => ""));
    }
  }
  assert.ok(open.length > 3);
  assert.deepEqual(open.filter((target) => target.includes("memfd:")), []);
  const maps = await Deno.readTextFile(`/proc/${guest.pid}/maps`);
  const [range] = /^[\da-f]+-[\da-f]+(?= r-xp .*memfd:libbpf-shim)/m.exec(maps) ?? [];
  assert.ok(range);
  const mapped = `/proc/${guest.pid}/map_files/${range}`;
  for (const path of [mapped, mapped.replace("map_files", "root/proc/self/map_files")]) {
    const { answer } = await attach(MAY_WRITE, "on_uprobe", `${path}:shim_abi_version`);
    assert.ok(answer < 0);
  }
});

Deno.test("attach accepts binaries of another root and of running programs", async () => {
  await using victim = new Victim();
  for (const path of [`/proc/${victim.pid}/exe`, `/proc/${victim.pid}/root${VICTIM}`]) {
    await using guest = new CliProcess([...GUEST, "on_uprobe", `${path}:wasm_bpf_test_allowed`]);
    await guest.waitFor(/^attached$/m);
    assert.equal((await victim.decide())[0], "denied");
    await guest.waitFor(/^count 1$/m);
  }
});

/* ---- USDT ------------------------------------------------------------------------------------ */

Deno.test("a USDT probe raises its semaphore, and writes nowhere else", async () => {
  await using victim = new Victim();
  {
    await using guest = new CliProcess([...GUEST, "on_usdt", `${VICTIM}:wasm_bpf_test:counted`]);
    await guest.waitFor(/^attached$/m);
    assert.deepEqual(await victim.decide(), ["denied", "1", "7"]);
    await guest.waitFor(/^count 1$/m);
    guest.kill("SIGINT");
    await guest.result();
  }
  await until("the semaphore is lowered", async () => (await victim.decide())[1] === "0");
  for (
    const [name, words] of [
      ["miscounted", /EPERM \(a note names a semaphore that is not in section \.probes\)/],
      ["inside", /EPERM \(a note names a place that is not a probe's no-op in code\)/],
      ["data", /no-op in code|ESRCH/],
    ] as const
  ) {
    await using guest = new CliProcess([
      ...MAY_WRITE,
      ...["on_usdt", `${VICTIM}:wasm_bpf_test:${name}`],
    ]);
    await guest.waitFor(/^on_usdt -\d+$/m);
    assert.deepEqual(await victim.decide(), ["denied", "0", "7"]);
    assert.match((await guest.result()).stderr, words);
  }
});

/* ---- symbols --------------------------------------------------------------------------------- */

for (
  const [name, answer] of [
    ["getpgid@GLIBC_2.2.5", 0],
    ["getpgid@@GLIBC_2.2.5", 0],
    ["getpgid@GLIBC_9.99", -2],
    ["getpgi", -2],
    ["getpgid2", -2],
  ] as const
) {
  Deno.test(`attach of a uprobe to libc.so.6:${name} returns ${answer}`, async () => {
    // Other architectures started with other versions.
    const version = Deno.build.arch === "x86_64" ? "2.2.5" : "2.17";
    const target = `libc.so.6:${name.replace("2.2.5", version)}`;
    assert.equal((await attach(GUEST, "on_uprobe", target)).answer, answer);
  });
}
