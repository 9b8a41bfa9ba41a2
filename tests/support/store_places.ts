/** A registry, a folder and a store of a test's own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fsck } from "../../oci/mod.ts";
import { type CliResult, runCli, WASM_BPF } from "./cli.ts";
import { TestRegistry } from "./registry.ts";

/** All three are gone when it is disposed of, and the store is checked before. */
export class StorePlaces implements AsyncDisposable {
  readonly registry: TestRegistry;
  /** Where commands run. */
  readonly folder: string;

  private constructor(registry: TestRegistry, folder: string) {
    this.registry = registry;
    this.folder = folder;
  }

  static async create(): Promise<StorePlaces> {
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-store-" });
    return new StorePlaces(await TestRegistry.start(), folder);
  }

  /** The store's folder, which the first pull makes. */
  get store(): string {
    return join(this.folder, "data/wasm-bpf");
  }

  get env(): Record<string, string> {
    return { XDG_DATA_HOME: join(this.folder, "data"), XDG_CONFIG_HOME: this.folder };
  }

  reference(tag: string): string {
    return `${this.registry.host}/you/tool:${tag}`;
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await Deno.writeFile(path, bytes);
    return path;
  }

  /** Runs it in the folder. */
  async run(...args: string[]): Promise<CliResult> {
    return await runCli(args, { cwd: this.folder, env: this.env });
  }

  /** Runs it, and expects success; its standard output. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Starts it, without its output. */
  start(...args: string[]): Deno.ChildProcess {
    const options = { args, env: this.env, cwd: this.folder } as const;
    return new Deno.Command(WASM_BPF, {
      ...options,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Returns the problems of the store. */
  async problems(): Promise<string[]> {
    return (await fsck(this.store)).problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isThere = await Deno.stat(this.store).then(() => true, () => false);
    if (isThere) assert.deepEqual(await this.problems(), []);
    await this.registry[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Names of what is in a folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** A module of that many bytes, most of them random, that does nothing. */
export function largeModule(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  // One custom section without a name: its id, and its length in five bytes of LEB128.
  const length = size - 14;
  const leb = [0, 7, 14, 21].map((shift) => length >> shift & 0x7f | 0x80);
  bytes.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, ...leb, length >>> 28, 0]);
  return bytes;
}
