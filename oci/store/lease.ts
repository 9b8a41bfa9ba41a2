/** Blobs that a process is about to use, protected from being pruned by others. */
import { join } from "node:path";
import { fileError } from "./errors.ts";
import { removeIfThere, writeAll } from "./files.ts";
import { paths } from "./layout.ts";
import { Lock, whileFree } from "./lock.ts";

const NAME = /^lease-/;

/**
 * File in `ingest/` that lists digests, locked while its process holds it. A lease whose lock is
 * free is stale and ignored.
 */
export class Lease implements AsyncDisposable {
  readonly #root: string;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #kept = new Set<string>();

  private constructor(root: string, path: string, file: Deno.FsFile) {
    this.#root = root;
    this.#path = path;
    this.#file = file;
  }

  /** Makes an empty one. */
  static async create(root: string): Promise<Lease> {
    const path = join(paths.ingest(root), `lease-${crypto.randomUUID()}`);
    // Between creating and locking the file, a prune would take it for a stale lease.
    using _lock = await Lock.acquire(paths.lock(root), { exclusive: false });
    try {
      const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
      await file.lock(true);
      return new Lease(root, path, file);
    } catch (cause) {
      throw fileError(`write ${path}`, cause);
    }
  }

  /** From when this returns on, no prune removes these, whether they are there already or come later. */
  async keep(digests: readonly string[]): Promise<void> {
    const fresh = digests.filter((digest) => !this.#kept.has(digest));
    if (fresh.length === 0) return;
    using _lock = await Lock.acquire(paths.lock(this.#root), { exclusive: false });
    try {
      const lines = fresh.map((digest) => `${digest}\n`).join("");
      await writeAll(this.#file, new TextEncoder().encode(lines));
    } catch (cause) {
      throw fileError(`write ${this.#path}`, cause);
    }
    for (const digest of fresh) this.#kept.add(digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await removeIfThere(this.#path);
    } finally {
      // One that stays is stale without its lock, and keeps nothing.
      this.#file.close();
    }
  }
}

/**
 * The digests in all leases that are held; the others are removed. Only with the store locked for this
 * process alone.
 */
export async function leasedDigests(root: string): Promise<Set<string>> {
  const digests = new Set<string>();
  for (const name of await namesIn(paths.ingest(root))) {
    if (!NAME.test(name)) continue;
    const path = join(paths.ingest(root), name);
    const isDead = await whileFree(path, () => removeIfThere(path));
    if (isDead) continue;
    const text = await Deno.readTextFile(path).catch(() => "");
    for (const line of text.split("\n")) if (line !== "") digests.add(line);
  }
  return digests;
}

/** Names of what is in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw fileError(`read ${folder}`, cause);
  }
  return names.sort();
}
