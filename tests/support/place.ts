/** A user's place: home folder, store and settings of their own, and a command line in it. */
import { type CliOptions, type CliResult, runCli } from "./cli.ts";
import { assemble } from "./wat.ts";

/** A folder that is the home of the user in one test. */
export class Place implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Place> {
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-place-" });
    await Deno.mkdir(`${folder}/work`);
    return new Place(folder);
  }

  /** The store's folder. */
  get store(): string {
    return `${this.folder}/data/wasm-bpf`;
  }

  /** The environment that the commands run with. */
  get env(): Record<string, string> {
    return {
      HOME: this.folder,
      XDG_DATA_HOME: `${this.folder}/data`,
      XDG_CONFIG_HOME: `${this.folder}/config`,
      DOCKER_CONFIG: `${this.folder}/docker`,
      REGISTRY_AUTH_FILE: `${this.folder}/auth.json`,
    };
  }

  /** Runs a command, in a folder of its own. */
  async run(args: string[], options: CliOptions = {}): Promise<CliResult> {
    const env = { ...this.env, ...options.env };
    return await runCli(args, { cwd: `${this.folder}/work`, ...options, env });
  }

  /** Runs a command that must succeed; what it printed. */
  async succeed(args: string[], options: CliOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`wasm-bpf ${args.join(" ")}: exit code ${code}\n${stderr}`);
    return stdout;
  }

  /** Writes a file; its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A module that prints a line. */
export function speaking(line: string): Uint8Array<ArrayBuffer> {
  const bytes = [...new TextEncoder().encode(`${line}\n`)];
  const data = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return assemble(`(module
    (import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\08\\00\\00\\00\\${
    bytes.length.toString(16).padStart(2, "0")
  }\\00\\00\\00")
    (data (i32.const 8) "${data}")
    (func (export "_start")
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 4)))))`);
}
