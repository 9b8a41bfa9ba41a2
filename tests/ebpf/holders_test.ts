/** Programs and maps that another process keeps in the kernel after the run that loaded them. */
import assert from "node:assert/strict";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP, CliProcess, type CliResult, guestPath } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { heldBy, untilGone } from "../support/held.ts";
import { privateMounts } from "../support/mounts.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

/** See `tests/programs/holder.c`. */
const HOLDER = fromFileUrl("../../dist/tests/holder");
await build();

async function build(): Promise<void> {
  const fresh = `${HOLDER}.${Deno.pid}`;
  const source = fromFileUrl("../programs/holder.c");
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, source);
  await Deno.rename(fresh, HOLDER);
}

type Kind = "prog" | "map" | "link";

/** Process that has opened a program, map or link by its number. */
class Holder implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async open(kind: Kind, id: number): Promise<Holder> {
    const args = [kind, String(id)];
    const child = new Deno.Command(HOLDER, { args, stdin: "piped", stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    assert.equal(new TextDecoder().decode(value), "held\n");
    return new Holder(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
  }
}

/**
 * Waits until a run has attached something, and returns the number of its link, or of a program or map
 * of that link: a descriptor alone may be of one of libbpf's probes.
 */
async function idOf(run: CliProcess, kind: Kind): Promise<number> {
  let link = 0;
  await until("it has attached a program", async () => {
    const held = await heldBy(run.pid);
    return (link = held.link[0] ?? 0) !== 0;
  });
  if (kind === "link") return link;
  const { prog_id: program } = await show("link", link);
  if (kind === "prog") return program;
  const { map_ids: [map = 0] } = await show("prog", program);
  return map;
}

/** Returns what bpftool says of a link or program. */
async function show(
  kind: "link" | "prog",
  id: number,
): Promise<{ prog_id: number; map_ids: number[] }> {
  return JSON.parse(await succeed("bpftool", "--json", kind, "show", "id", String(id)));
}

const ARGS = ["--timeout", "120s"];

/** Interrupts a run that `hold` has taken a part of; the part is released at the end. */
async function runHeld(kind: Kind, args = [...ARGS, BOOTSTRAP]): Promise<
  { result: CliResult; id: number; pid: number }
> {
  await using run = new CliProcess(args);
  const id = await idOf(run, kind);
  const all = await heldBy(run.pid);
  let end: { result: CliResult; id: number; pid: number };
  {
    await using holder = await Holder.open(kind, id);
    run.kill("SIGINT");
    end = { result: await run.result(), id, pid: holder.pid };
  }
  await untilGone(all);
  return end;
}

for (
  const [kind, word, command] of [["prog", "program", "prog"], ["map", "map", "map"]] as const
) {
  Deno.test(`run warns of a ${word} that another process has opened`, async () => {
    const { result, id, pid } = await runHeld(kind);
    const [first = ""] = result.stderr.split("\n");
    const start = `warning: ${word} "`;
    assert.ok(first.startsWith(start), result.stderr);
    assert.ok(first.endsWith(`stays in the kernel: process ${pid} (holder) has it open`), first);
    const hint = `hint: end process ${pid} to unload it (bpftool ${command} show id ${id})\n`;
    assert.ok(result.stderr.endsWith(hint), result.stderr);
  });
}

Deno.test("run names the program of a link that another process has opened", async () => {
  const { result, pid } = await runHeld("link");
  assert.match(result.stderr, /^warning: program "handle_\w+" stays in the kernel: process /);
  assert.ok(result.stderr.includes(`process ${pid} (holder) has it open`), result.stderr);
  // Maps that it uses stay with it.
  assert.match(result.stderr, /^warning: \d other parts? of the run with it$/m);
});

Deno.test("run of a plain object warns as well", async () => {
  const object = fromFileUrl("../../dist/tests/events.bpf.o");
  const { result, pid } = await runHeld("prog", ["run", ...ARGS, object]);
  assert.match(result.stderr, new RegExp(`stays in the kernel: process ${pid} \\(holder\\)`));
});

Deno.test("run names the pin of a map", async () => {
  // A file system in a mount namespace of its own, which the run and the pin share.
  const script = 'mount -t bpf bpf /sys/fs/bpf && exec "$@"';
  const through = [...privateMounts("/sys"), "/bin/sh", "-c", script, "sh"];
  const pin = "/sys/fs/bpf/kept";
  await using run = new CliProcess([...ARGS, BOOTSTRAP], { through });
  const id = await idOf(run, "map");
  // Its root as well: of a chroot, the namespace has another one.
  const inside = ["-t", String(run.pid), "-m", "-r"];
  await succeed("nsenter", ...inside, "bpftool", "map", "pin", "id", String(id), pin);
  run.kill("SIGINT");
  const { stderr } = await run.result();
  assert.ok(stderr.includes(`stays in the kernel: pinned as ${pin}\n`), stderr);
  assert.ok(stderr.includes(`hint: remove ${pin} to unload it (bpftool map show id ${id})`));
});

Deno.test("run of which nothing is left has no warning", async () => {
  const modules = [[BOOTSTRAP], [guestPath("attach"), "struct_ops", "ssthresh", "with_link"]];
  for (const module of modules) {
    const { stderr } = await runBriefly([...module]);
    assert.equal(stderr, "");
  }
});
