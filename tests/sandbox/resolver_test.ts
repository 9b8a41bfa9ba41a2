/** The resolver next to one that does by hand what the kernel should. */
import assert from "node:assert/strict";
import {
  errnoName,
  files,
  grants,
  LinearMemory,
  OUTSIDE,
  paths,
  type Resolution,
} from "../../ffi/mod.ts";
import { RESOLVE_BENEATH } from "../../runtime/wasi/resolver.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { fillRandomly, randomPath } from "../support/random_tree.ts";
import { walk, type Walked, walkToNew } from "../support/slow_walker.ts";
import { soakSize } from "../support/soak.ts";
import "../support/whole_shim.ts";

const TREES = soakSize({ short: 20, whole: 200 });
const PATHS_OF_A_TREE = 100;

/** Where the path is in the memory. */
const AT = 1024;

/** One folder, resolved beneath by the kernel. */
class Beneath implements Disposable {
  readonly #how: Resolution;
  readonly #dir: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #words = new BigUint64Array(8);

  constructor(folder: string) {
    this.#how = { memory: new LinearMemory(this.#memory), resolve: RESOLVE_BENEATH };
    this.#dir = grants.directory(folder);
    assert.ok(this.#dir >= 0);
  }

  #put(path: string): { dir: number; path: number; size: number } {
    const bytes = new TextEncoder().encode(path);
    new Uint8Array(this.#memory.buffer).set(bytes, AT);
    return { dir: this.#dir, path: AT, size: bytes.length };
  }

  /** Returns the inode, or an errno. */
  stat(path: string, follow: boolean): string {
    const result = paths.stat(this.#how, this.#put(path), {
      follow,
      out: new Uint8Array(this.#words.buffer),
    });
    return result < 0 ? nameOf(result) : `inode ${this.#words[1]}`;
  }

  makeFolder(path: string): string {
    const result = paths.createDirectory(this.#how, this.#put(path));
    return result < 0 ? nameOf(result) : "made";
  }

  [Symbol.dispose](): void {
    files.close(this.#dir);
  }
}

function nameOf(result: number): string {
  return result === OUTSIDE ? "OUTSIDE" : errnoName(result) ?? String(result);
}

function inodeOf(walked: Walked): string {
  return "error" in walked ? walked.error : `inode ${Deno.lstatSync(walked.path).ino}`;
}

function describe(root: string): string {
  const { stdout } = new Deno.Command("find", { args: [root, "-printf", "%P %y %l\\n"] })
    .outputSync();
  return new TextDecoder().decode(stdout);
}

/** Compares one path in every way; what was seen, for the tally. */
function compare(root: string, beneath: Beneath, path: string): string[] {
  const seen = [true, false].map((follow) => {
    const wanted = inodeOf(walk(root, path, follow));
    assert.equal(beneath.stat(path, follow), wanted, `stat, follow ${follow}`);
    return wanted.replace(/ .*/, "");
  });
  const place = walkToNew(root, path);
  const made = beneath.makeFolder(path);
  assert.equal(made, "error" in place ? place.error : "made", "mkdir");
  if ("path" in place) {
    assert.ok(Deno.lstatSync(place.path).isDirectory);
    Deno.removeSync(place.path);
  }
  return [...seen, made];
}

Deno.test(`the kernel resolves ${TREES * PATHS_OF_A_TREE} paths as one would by hand`, () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const tally: Record<string, number> = {};
  try {
    for (let tree = 0; tree < TREES; tree++) {
      // Names outside are those inside, so that what leads out finds something.
      const outside = `${folder}/${tree}`;
      const root = `${outside}/a`;
      fillRandomly(random, make(outside), 3);
      if (isThere(root)) Deno.removeSync(root, { recursive: true });
      fillRandomly(random, make(root));
      using beneath = new Beneath(root);
      for (let i = 0; i < PATHS_OF_A_TREE; i++) {
        const path = randomPath(random);
        try {
          for (const what of compare(root, beneath, path)) tally[what] = (tally[what] ?? 0) + 1;
        } catch (error) {
          throw new Error(`SEED=${seed}, path ${JSON.stringify(path)} in\n${describe(root)}`, {
            cause: error,
          });
        }
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  // Nothing of it was in vain.
  for (const what of ["inode", "made", "OUTSIDE", "ENOENT", "ENOTDIR", "ELOOP", "EEXIST"]) {
    assert.ok((tally[what] ?? 0) > TREES, `${what} in ${JSON.stringify(tally)}`);
  }
});

function make(folder: string): string {
  Deno.mkdirSync(folder);
  return folder;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
