/** A folder of which a guest is granted a part, and checks that it has not been elsewhere. */
import { succeed } from "./actor.ts";

/** Content of the file inside, as in `tests/guests/escape/race.h`. */
export const INSIDE = "inside";

/** Content of the files outside, with a size that nothing else has. */
export const OUTSIDE = `outside: nobody's business ${".".repeat(750)}`;

/** A name that is in no folder inside. */
const ONLY_OUTSIDE = "only-outside";

/** Modes and kinds of `mknod`. */
const DEVICES = [["zero", "c", "1", "5"], ["fifo", "p"]] as const;

/** Symbolic links, in `rw` and in `ro`. */
const LINKS: readonly (readonly [name: string, target: string])[] = [
  ["up", "../outside/file"],
  ["updir", "../outside"],
  ["chain1", "chain2"],
  ["chain2", "dir/chain3"],
  ["dir/chain3", "../chain4"],
  ["chain4", "../outside/file"],
  ["loop1", "loop2"],
  ["loop2", "loop1"],
  ["self", "self"],
  ["dangling", "../outside/new"],
  ["in-and-out", "dir/../../outside/file"],
  ["root", "/"],
  ["proc-root", "/proc/self/root"],
  ["good", "dir/file"],
  ["good-dir", "dir"],
  ["dir/back", "../file"],
];

/**
 * `rw` and `ro` are for the guest, `outside` is not. Next to a file and folders, both have symbolic links
 * of every kind; `rw` has a device and a FIFO.
 */
export class EscapeTree implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<EscapeTree> {
    const tree = new EscapeTree(await Deno.makeTempDir({ prefix: "escape-" }));
    await tree.#makeOutside();
    for (const name of ["rw", "ro"]) await tree.#makeGrant(`${tree.path}/${name}`);
    for (const [name, ...kind] of DEVICES) {
      await succeed("mknod", `${tree.path}/rw/${name}`, ...kind);
    }
    return tree;
  }

  async #makeOutside(): Promise<void> {
    const outside = `${this.path}/outside`;
    await Deno.mkdir(`${outside}/dir`, { recursive: true });
    for (const name of ["file", "made", "other", "dir/file", ONLY_OUTSIDE]) {
      await Deno.writeTextFile(`${outside}/${name}`, OUTSIDE);
    }
    await Deno.mkdir(`${outside}/empty`);
    await Deno.symlink(`${ONLY_OUTSIDE}`, `${outside}/link`);
    for (const name of ["file", ONLY_OUTSIDE]) {
      await Deno.writeTextFile(`${this.path}/${name}`, OUTSIDE);
    }
  }

  async #makeGrant(folder: string): Promise<void> {
    await Deno.mkdir(`${folder}/dir/deep`, { recursive: true });
    await Deno.mkdir(`${folder}/empty`);
    for (const name of ["file", "dir/file", "dir/deep/file"]) {
      await Deno.writeTextFile(`${folder}/${name}`, INSIDE);
    }
    for (const [name, target] of LINKS) await Deno.symlink(target, `${folder}/${name}`);
    await Deno.symlink(`${this.path}/outside/file`, `${folder}/abs`);
    await Deno.symlink(`${this.path}/outside`, `${folder}/absdir`);
  }

  /** Everything that the guest must leave as it is: names, kinds, sizes, times and contents. */
  async outside(options: { times?: boolean } = {}): Promise<string> {
    const times = options.times === false ? "" : " %T@ %C@";
    const list = await succeed(
      ...["find", this.path, "-path", `${this.path}/rw`, "-prune", "-o"] as const,
      ...["-printf", `%P %y %s %m %n %l${times}\\n`],
    );
    return list.split("\n").sort().join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Reports whether what a guest printed can only come from outside. */
export function isFromOutside(text: string): boolean {
  return text.includes(OUTSIDE.slice(0, 20)) || text.includes(ONLY_OUTSIDE) ||
    text.includes(`size ${OUTSIDE.length} `) || text.includes("root:x:0:") ||
    / (etc|proc)( |$)/m.test(text);
}
