/** Processes that end again and again in a control group of their own, each of them one event. */
import { TestCgroup } from "./cgroup.ts";
import { Repeating } from "./made_up_container.ts";

/** Load that one tool sees alone: `--cgroup PATH exitsnoop`. */
export class EndingProcesses implements AsyncDisposable {
  readonly #group: TestCgroup;
  #loop: Repeating | undefined;

  private constructor(group: TestCgroup) {
    this.#group = group;
  }

  /** Creates the control group. */
  static async create(): Promise<EndingProcesses> {
    return new EndingProcesses(await TestCgroup.create());
  }

  /** Path of the control group. */
  get path(): string {
    return this.#group.path;
  }

  /**
   * Starts processes that end at once.
   *
   * @param perSecond number of them, about
   */
  start(perSecond: number): void {
    const script = `echo $$ > ${this.path}/cgroup.procs && while :; do /bin/true; sleep ${
      (1 / perSecond).toFixed(4)
    }; done`;
    this.#loop = new Repeating(["/bin/sh", "-c", script]);
  }

  /** Stops them. */
  async stop(): Promise<void> {
    await this.#loop?.[Symbol.asyncDispose]();
    this.#loop = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#group[Symbol.asyncDispose]();
  }
}
