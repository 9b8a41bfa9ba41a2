/** Block device on a file, for requests that nothing else makes. */
import { succeed } from "./succeed.ts";
import { TestFolder } from "./folder.ts";

/** A loop device of 4 MiB; disposal detaches it. */
export class LoopDisk implements AsyncDisposable {
  readonly #folder: TestFolder;
  readonly path: string;

  private constructor(folder: TestFolder, path: string) {
    this.#folder = folder;
    this.path = path;
  }

  /** Attaches a device; undefined where the machine gives none. */
  static async create(): Promise<LoopDisk | undefined> {
    const folder = new TestFolder();
    try {
      await Deno.truncate(await newFile(folder.at("disk")), 4 << 20);
      return new LoopDisk(
        folder,
        (await succeed("losetup", "-f", "--show", folder.at("disk"))).trim(),
      );
    } catch {
      folder[Symbol.dispose]();
      return undefined;
    }
  }

  /** Writes blocks, and waits until they are on the device. */
  async write(): Promise<void> {
    await succeed("dd", "if=/dev/zero", `of=${this.path}`, "bs=4k", "count=8", "conv=fsync");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await succeed("losetup", "-d", this.path);
    this.#folder[Symbol.dispose]();
  }
}

async function newFile(path: string): Promise<string> {
  await Deno.writeTextFile(path, "");
  return path;
}
