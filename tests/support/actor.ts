/** `tests/programs/actor.c`: does what attached programs wait for. */
import { fromFileUrl } from "./paths.ts";
import { succeed } from "./succeed.ts";

export { succeed };

const SOURCE = fromFileUrl("../programs/actor.c");

/** The program, built anew for this run of the tests. */
export const ACTOR = fromFileUrl("../../dist/tests/actor");

await build();

async function build(): Promise<void> {
  // Other test files may run it meanwhile.
  const fresh = `${ACTOR}.${Deno.pid}`;
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, SOURCE);
  await Deno.rename(fresh, ACTOR);
}

/** Runs actions; in the network namespace of a process, when there is one. */
export async function act(actions: string[], options: { netns?: number } = {}): Promise<void> {
  const enter = options.netns === undefined
    ? []
    : ["nsenter", "-t", `${options.netns}`, "-n", "--"];
  const [program = ACTOR, ...args] = [...enter, ACTOR, ...actions];
  await succeed(program, ...args);
}

/** To run a program through, in a network namespace of its own with `lo` up; it goes with the program. */
export const IN_OWN_NETWORK: string[] = [
  ...["unshare", "--net", "--", "/bin/sh", "-c", `${ACTOR} lo-up && exec "$@"`, "sh"],
];

/** A process in a network namespace of its own, which lasts as long. */
export class NetworkNamespace implements AsyncDisposable {
  readonly #child = new Deno.Command("unshare", {
    args: ["--net", "--", ACTOR, "lo-up", "wait"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();

  /** Starts it, and waits until its `lo` is up. */
  static async create(): Promise<NetworkNamespace> {
    const namespace = new NetworkNamespace();
    const reader = namespace.#child.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) throw new Error("unshare failed");
    return namespace;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get path(): string {
    return `/proc/${this.pid}/ns/net`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.stdout.cancel();
    await this.#child.status;
  }
}
