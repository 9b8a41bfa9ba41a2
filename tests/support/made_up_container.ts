/** Control group of a container that only its name and the files of an engine make one. */
import { cgroupRoot } from "./cgroup.ts";
import { until } from "./condition.ts";
import type { TestFolder } from "./folder.ts";

/** A container of Docker by cgroupfs, as far as wasm-bpf can see. */
export class MadeUpContainer implements AsyncDisposable {
  readonly id: string;
  /** Its control group in the file system. */
  readonly path: string;

  private constructor(id: string, path: string) {
    this.id = id;
    this.path = path;
  }

  /**
   * Creates the control group and the files.
   *
   * @param root folder that the run takes for the host's: `WASM_BPF_HOST_ROOT`
   */
  static async create(
    root: TestFolder,
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<MadeUpContainer> {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const id = bytes.toHex();
    const folder = root.at(`var/lib/docker/containers/${id}`);
    await Deno.mkdir(folder, { recursive: true });
    const state = { ID: id, Name: `/${name}`, Config: { Labels: labels } };
    await Deno.writeTextFile(`${folder}/config.v2.json`, JSON.stringify(state));
    const path = `${await cgroupRoot()}/wasm-bpf-test-${Deno.pid}-${id}`;
    await Deno.mkdir(path);
    return new MadeUpContainer(id, path);
  }

  /**
   * Creates the control group of a container of Podman, and its files as Podman 5 has them.
   *
   * @param pod name of its pod
   */
  static async createPodman(root: TestFolder, name: string, pod: string): Promise<MadeUpContainer> {
    const [id, infra, podId] = [32, 32, 32].map((size) =>
      crypto.getRandomValues(new Uint8Array(size)).toHex()
    ) as [string, string, string];
    const storage = root.at("var/lib/containers/storage");
    const folder = `${storage}/overlay-containers`;
    const write = async (path: string, content: unknown) => {
      await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(
        path,
        typeof content === "string" ? content : JSON.stringify(content),
      );
    };
    await write(`${folder}/containers.json`, [
      { id: infra, names: [`${podId.slice(0, 12)}-infra`] },
      { id, names: [name] },
    ]);
    await write(`${folder}/${id}/userdata/config.json`, {
      annotations: { "io.kubernetes.cri-o.SandboxID": infra },
    });
    await write(`${folder}/${infra}/userdata/config.json`, { hostname: "other", annotations: {} });
    await write(`${storage}/db.sql`, `\0\x07{"id":"${podId}","name":"${pod}","labels":{}}\0`);
    const path = `${await cgroupRoot()}/wasm-bpf-test-${Deno.pid}-libpod-${id}.scope`;
    await Deno.mkdir(path);
    return new MadeUpContainer(id, path);
  }

  /** Returns a command that joins the container, then runs a script of the shell. */
  command(script: string): [program: string, ...args: string[]] {
    return ["/bin/sh", "-c", `echo $$ > ${this.path}/cgroup.procs && ${script}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A process that has ended leaves its group a little later.
    await until("the control group is empty", async () => {
      try {
        await Deno.remove(this.path);
        return true;
      } catch (error) {
        return error instanceof Deno.errors.NotFound;
      }
    });
  }
}

/** A process that does something again and again until it is disposed. */
export class Repeating implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor([program, ...args]: readonly [program: string, ...args: string[]]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }
}
