/** `tests/programs/swapper.c`: swaps two names while other code runs. */
import { succeed } from "./actor.ts";
import { install } from "./install.ts";
import { fromFileUrl } from "./paths.ts";

const SOURCE = fromFileUrl("../programs/swapper.c");
const PROGRAM = fromFileUrl("../../dist/tests/swapper");

/** Exchanges two paths until it is stopped, and then restores them. */
export class Swapper implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #swaps: Promise<number> | undefined;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  static async start(one: string, other: string): Promise<Swapper> {
    const fresh = `${PROGRAM}.${Deno.pid}`;
    await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, SOURCE);
    await install(fresh, PROGRAM);
    const command = new Deno.Command(PROGRAM, {
      args: [one, other],
      stdin: "piped",
      stdout: "piped",
    });
    return new Swapper(command.spawn());
  }

  /** Stops it, and returns the number of swaps. */
  stop(): Promise<number> {
    this.#swaps ??= this.#stop();
    return this.#swaps;
  }

  async #stop(): Promise<number> {
    await this.#child.stdin.close();
    const { success, stdout } = await this.#child.output();
    if (!success) throw new Error("the swapper failed");
    return Number(new TextDecoder().decode(stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
