/** Folders for tests. */

/** Runs a test with a directory of its own, which is removed afterwards. */
export async function withFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  using folder = new TestFolder();
  await use(await Deno.realPath(folder.path));
}

/** A folder of a test's own, removed with all that is in it. */
export class TestFolder implements Disposable {
  readonly path: string = Deno.makeTempDirSync();

  /** The path of a name in it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
