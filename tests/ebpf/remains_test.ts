/** Congestion controls that sockets continue to use after the run that registered them. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { IN_OWN_NETWORK } from "../support/actor.ts";
import { CliProcess, guestPath } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

kernel.version();

/** See `tests/programs/congested.c`. */
const CONGESTED = fromFileUrl("../../dist/tests/congested");
await build();

async function build(): Promise<void> {
  const fresh = `${CONGESTED}.${Deno.pid}`;
  const source = fromFileUrl("../programs/congested.c");
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, source);
  await Deno.rename(fresh, CONGESTED);
}

/** Name that `struct_ops.bpf.c` gives its congestion control. */
const NAME = "wasm_bpf_test";

/** Connections with that congestion control, in a separate network namespace. */
class Connections implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(...args: string[]) {
    const [program = "", ...rest] = [...IN_OWN_NETWORK, CONGESTED, NAME, ...args];
    this.#child = new Deno.Command(program, { args: rest, stdin: "piped", stdout: "piped" })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Returns the next line: names of the listener's, connected and accepted sockets' congestion
   * controls.
   */
  async line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("the program ended");
      this.#text += value;
    }
    const [first = "", ...others] = this.#text.split("\n");
    this.#text = others.join("\n");
    return first;
  }

  async next(): Promise<string> {
    await this.#input.write(new Uint8Array(1));
    return await this.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}

/** Runs until connections use the guest's congestion control, then interrupts the run. */
async function runWith(connect: () => Connections) {
  const args = ["--timeout", "120s", guestPath("attach"), "struct_ops", "ssthresh", "with_link"];
  await using guest = new CliProcess(args);
  await guest.waitFor(/^attached$/m);
  const connections = connect();
  assert.equal(await connections.line(), `${NAME} ${NAME} ${NAME}`);
  guest.kill("SIGINT");
  return { connections, result: await guest.result() };
}

/** Returns IDs of the loaded struct_ops maps of that name. */
async function loaded(): Promise<number[]> {
  const maps = JSON.parse(await succeed("bpftool", "-j", "map", "show")) as {
    id: number;
    type: string;
    name?: string;
  }[];
  return maps.filter(({ type, name }) => type === "struct_ops" && name === "with_link")
    .map(({ id }) => id);
}

for (
  const [where, ...args] of [
    ["in its own network namespace"],
    ["that has left the namespace of its sockets", `/proc/${Deno.pid}/ns/net`],
  ] as const
) {
  Deno.test(`sockets of a process ${where} return to their default`, () => assertRestored(args));
}

async function assertRestored(args: readonly string[]): Promise<void> {
  const before = await loaded();
  const { connections, result } = await runWith(() => new Connections(...args));
  await using held = connections;
  assert.deepEqual([result.code, result.stderr], [0, ""]);
  const fallback = await Deno.readTextFile("/proc/sys/net/ipv4/tcp_congestion_control");
  assert.deepEqual(new Set((await held.next()).split(" ")), new Set([fallback.trim()]));
  await until("the programs are unloaded", async () => {
    return (await loaded()).every((id) => before.includes(id));
  });
}

Deno.test("run warns of sockets that keep its programs, and how to end that", async () => {
  const { connections, result } = await runWith(() => new Connections("waiting"));
  let id: number;
  {
    await using _held = connections;
    assert.equal(result.code, 0);
    const warning =
      /^warning: tcp_congestion_ops "with_link" stays in the kernel with its programs: 1 socket of no process within reach uses it; 4 others got the default back\nhint: .*\(bpftool map show id (\d+)\)\n$/;
    assert.match(result.stderr, warning);
    id = Number(warning.exec(result.stderr)?.[1]);
    assert.ok((await loaded()).includes(id));
  }
  await until("it is gone with its last socket", async () => !(await loaded()).includes(id));
});
