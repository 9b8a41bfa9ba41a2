/** Directories of cgroup2 for a test. */
import { until } from "./condition.ts";

/** Where cgroup2 is mounted. */
export async function cgroupRoot(): Promise<string> {
  const mounts = await Deno.readTextFile("/proc/mounts");
  const root = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (root === undefined) throw new Error("cgroup2 is not mounted");
  return root;
}

/** A cgroup that is removed when the test is over. */
export class TestCgroup implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TestCgroup> {
    const name = `wasm-bpf-test-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    const path = `${await cgroupRoot()}/${name}`;
    await Deno.mkdir(path);
    return new TestCgroup(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A process that has ended leaves its cgroup a little later.
    await until("the cgroup is empty", async () => {
      try {
        await Deno.remove(this.path);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return true;
        return false;
      }
    });
  }
}
