/** Kernel function that kills any process. Needs root, and a kernel that has it (Linux 6.13). */
import assert from "node:assert/strict";
import type { Permissions } from "../../ebpf/mod.ts";
import { BpfIterator, Interrupt } from "../../ffi/mod.ts";
import { BpfError } from "../../runtime/mod.ts";
import { runCli } from "../support/cli.ts";
import { elfOf, objectGuest } from "../support/object_guest.ts";
import { Loaded, withNumber } from "../support/permission_object.ts";

const FUNCTION = "bpf_send_signal_task";
const OBJECT = withNumber(elfOf("signals"), 0x7ac7ed02, await numberOf(FUNCTION));

/** Returns the ID of a kernel function in the kernel's BTF. */
async function numberOf(name: string): Promise<number> {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "raw"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const number = new RegExp(`^\\[(\\d+)\\] FUNC '${name}'`, "m").exec(text)?.[1];
  assert.ok(number !== undefined, `this kernel has no ${name}`);
  return Number(number);
}

/** Process that does nothing until it is killed. */
class Victim implements AsyncDisposable {
  // time: a process that lasts until it is killed.
  readonly #child = new Deno.Command("sleep", { args: ["600"] }).spawn();
  readonly pid = this.#child.pid;
  readonly status = this.#child.status;

  get isAlive(): boolean {
    const stat = Deno.readTextFileSync(`/proc/${this.pid}/stat`);
    return !/\) [ZX] /.test(stat);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has already exited.
    }
    await this.status;
  }
}

/** Number in the object that is replaced by the victim's PID. */
const NUMBER_OF_VICTIM = 0x7ac7ed01;

function withVictim(bytes: Uint8Array, pid: number): Uint8Array {
  return pid === NUMBER_OF_VICTIM ? bytes : withNumber(bytes, NUMBER_OF_VICTIM, pid);
}

/** Loads one of the programs, and runs it if it loads; returns the refusal. */
function attack(program: string, pid: number, permissions: Permissions, object = OBJECT) {
  using loaded = new Loaded(withVictim(object, pid), permissions, program);
  if (loaded.error !== undefined) return loaded.error;
  using link = loaded.object.attach(program, "");
  using interrupt = Interrupt.create();
  const pass = BpfIterator.open(link, interrupt);
  assert.ok(typeof pass !== "number");
  using iterator = pass;
  while (iterator.read(loaded.memory, 65536, 4096) > 0);
  return undefined;
}

const REFUSED: Readonly<Record<string, Permissions>> = {
  "without words": {},
  "with every other level": {
    allowBpf: ["observe", "inspect", "network", "struct-ops", "replace", "write"],
  },
  "with its level denied": { allowBpf: ["control"], denyBpf: ["control"] },
  "with its name denied": { allowBpf: ["control"], denyKfunc: [FUNCTION] },
};

for (const program of ["by_name", "by_other_name", "by_number"]) {
  for (const [title, permissions] of Object.entries(REFUSED)) {
    Deno.test(`a signal to another process, ${program}, is refused ${title}`, async () => {
      await using victim = new Victim();
      const error = attack(program, victim.pid, permissions);
      assert.equal(error?.code, "EPERM");
      assert.match(error.message, new RegExp(`it calls ${FUNCTION}: level control`));
      assert.equal(error.detail, `the program calls ${FUNCTION}, which is refused`);
      assert.ok(victim.isAlive);
    });
  }

  for (
    const permissions of [{ allowBpf: ["control"] }, {
      strict: true,
      allowBpf: ["inspect"],
      allowKfunc: [FUNCTION],
    }] as const
  ) {
    Deno.test(`a signal to another process, ${program}, is sent with ${JSON.stringify(permissions)}`, async () => {
      await using victim = new Victim();
      assert.equal(attack(program, victim.pid, permissions)?.detail, undefined);
      assert.equal((await victim.status).signal, "SIGKILL");
    });
  }
}

Deno.test("load refuses a kernel function of a missing kernel module", async () => {
  await using victim = new Victim();
  const error = attack("by_module", victim.pid, { allowBpf: ["control", "write"] });
  assert.equal(error?.code, "EPERM");
  assert.match(error.detail ?? "", /of an unknown name, which is refused$/);
  assert.ok(victim.isAlive);
});

Deno.test("load refuses IDs that are not kernel functions", async () => {
  await using victim = new Victim();
  const other = await numberOf(FUNCTION);
  for (const number of [0, 1, 0x7fffffff, 0xffffffff]) {
    using loaded = new Loaded(
      withNumber(withNumber(OBJECT, other, number), NUMBER_OF_VICTIM, victim.pid),
      { allowBpf: ["control", "write"] },
      "by_number",
    );
    assert.match(loaded.error?.detail ?? "", /of an unknown name, which is refused$/);
  }
});

const PLACES = elfOf("signal_places");

/** Level of everything else that the programs do. */
const OTHER_LEVELS: Permissions = {
  allowBpf: ["observe", "inspect", "network", "struct-ops", "replace", "write"],
};

for (
  const program of [
    ...["global_function", "loop_callback", "element_callback"],
    ...["timer_callback", "work_callback", "weak_name", "in_array"],
  ]
) {
  Deno.test(`a call that acts on any process is refused in ${program}`, () => {
    using loaded = new Loaded(PLACES, OTHER_LEVELS, program);
    assert.equal(loaded.error?.code, "EPERM");
    assert.equal(loaded.error.detail, `the program calls ${FUNCTION}, which is refused`);
  });
}

for (const program of ["by_register", "replacement", "by_syscall"]) {
  Deno.test(`a call that acts on any process is refused in ${program}, with its level as well`, () => {
    const all: Permissions = { allowBpf: [...OTHER_LEVELS.allowBpf ?? [], "control"] };
    using loaded = new Loaded(PLACES, all, program);
    assert.equal(loaded.error?.code, "EPERM");
    assert.match(loaded.error.detail ?? "", /which is refused$/);
  });
}

Deno.test("a call that acts on any process is refused in a function of struct_ops", () => {
  using loaded = new Loaded(elfOf("signal_struct_ops"), OTHER_LEVELS);
  assert.equal(loaded.error?.code, "EPERM");
  assert.equal(loaded.error.detail, `the program calls ${FUNCTION}, which is refused`);
});

Deno.test("a program that calls the function is in no array after a refused load", () => {
  using loaded = new Loaded(PLACES, OTHER_LEVELS);
  assert.equal(loaded.error?.code, "EPERM");
});

/** Kernel function with a name of the same length. */
const HARMLESS = "bpf_arena_free_pages";

Deno.test("load refuses an object that calls the function under another name", async () => {
  await using victim = new Victim();
  const bytes = withNumber(OBJECT, NUMBER_OF_VICTIM, victim.pid);
  const places = placesOf(bytes, FUNCTION);
  assert.ok(places.length >= 2, "the name is in the symbols and in the types");
  for (const some of [...places.map((place) => [place]), places]) {
    const changed = new Uint8Array(bytes);
    for (const at of some) changed.set(new TextEncoder().encode(HARMLESS), at);
    for (const program of ["by_name", "by_other_name"]) {
      assert.throws(() => {
        const error = attack(program, NUMBER_OF_VICTIM, {}, changed);
        if (error !== undefined) throw error;
      }, BpfError);
    }
  }
  assert.ok(victim.isAlive);
});

/** Returns the offsets of a name, alone or before another suffix. */
function placesOf(bytes: Uint8Array, name: string): number[] {
  assert.equal(name.length, HARMLESS.length);
  const text = new TextDecoder("latin1").decode(bytes);
  return [...text.matchAll(new RegExp(`\\0${name}`, "g"))].map(({ index }) => index + 1);
}

Deno.test("run refuses the call, and names program, function, level and option", async () => {
  await using victim = new Victim();
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/kill.wasm`;
    const bytes = withNumber(OBJECT, NUMBER_OF_VICTIM, victim.pid);
    await Deno.writeFile(path, objectGuest("signals", "", { bytes }).bytes);
    const { stderr } = await runCli(["--timeout", "120s", path]);
    assert.match(
      stderr,
      /Cannot load program "by_\w+": EPERM \(it calls bpf_send_signal_task: level/,
    );
    assert.match(stderr, /^hint: pass --allow-bpf=control, or --allow-kfunc=bpf_send_signal_task/m);
    assert.ok(victim.isAlive);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
