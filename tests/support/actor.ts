/** `tests/programs/actor.c`: performs actions that trigger attached programs. */
import { install } from "./install.ts";
import { fromFileUrl } from "./paths.ts";
import { succeed } from "./succeed.ts";

export { succeed };

const SOURCE = fromFileUrl("../programs/actor.c");

/** Path of the program, which is that of this run of the tests. */
export const ACTOR = fromFileUrl("../../dist/tests/actor");

await build();

async function build(): Promise<void> {
  // Other test files may run it at the same time.
  const fresh = `${ACTOR}.${Deno.pid}`;
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, SOURCE);
  await install(fresh, ACTOR);
}

/** Runs actions, in the network namespace of a process if `netns` is set. */
export async function act(actions: string[], options: { netns?: number } = {}): Promise<void> {
  const enter = options.netns === undefined
    ? []
    : ["nsenter", "-t", `${options.netns}`, "-n", "--"];
  const [program = ACTOR, ...args] = [...enter, ACTOR, ...actions];
  await succeed(program, ...args);
}

/** Command prefix that runs a program in its own network namespace, with `lo` up. */
export const IN_OWN_NETWORK: string[] = [
  ...["unshare", "--net", "--", "/bin/sh", "-c", `${ACTOR} lo-up && exec "$@"`, "sh"],
];

/** Process in its own network namespace, which lives as long as the process. */
export class NetworkNamespace implements AsyncDisposable {
  readonly #child = new Deno.Command("unshare", {
    args: ["--net", "--", ACTOR, "lo-up", "wait"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();

  /** Starts the process, and waits until its `lo` is up. */
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
