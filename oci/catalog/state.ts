/** Files of hubs and installed tools: below the local store, with its rules and its locks. */
import { join } from "node:path";
import { HostError } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { IrregularFile, readRegularFile } from "../paths/regular_file.ts";
import { errnoName, fileError } from "../store/errors.ts";
import { replaceFile } from "../store/files.ts";
import { checkFolder, makeFolder, storePath } from "../store/location.ts";
import { Lock } from "../store/lock.ts";
import { Store } from "../store/store.ts";
import { CatalogError } from "./errors.ts";

/** Version of the files. */
export const STATE_VERSION = 1;

const LIMITS = { bytes: 16 * 2 ** 20, depth: 8, members: 500_000 };

/** Returns the directory of hubs and installed tools. */
export function hubFolder(): string {
  return join(storePath(), "hub");
}

/** Returns the path of a file of the directory. */
export function stateFile(name: string): string {
  return join(hubFolder(), name);
}

/**
 * Reads a JSON file of the directory; undefined when it does not exist.
 *
 * @throws {StoreError} `UNSAFE_STORE` when other users can change it
 * @throws {CatalogError} `BAD_STATE` when it is damaged
 */
export function readState(name: string): JsonObject | undefined {
  const bytes = readStateBytes(name);
  if (bytes === undefined) return undefined;
  const path = stateFile(name);
  return orBadState(path, () => {
    const json = readJson(bytes, { what: path, code: "BAD_STATE", limits: LIMITS });
    if (json.count("version") !== STATE_VERSION) throw json.error("version", "is not 1");
    return json;
  });
}

/** Adds a hint to errors about the content of a file. */
export function orBadState<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code === "BAD_STATE" && cause.hint) throw cause;
    throw new CatalogError(cause.message, {
      code: "BAD_STATE",
      hint: `restore ${path}, or remove it and add hubs and tools again`,
      cause,
    });
  }
}

/** Reads a file of the directory; undefined when it does not exist. */
export function readStateBytes(name: string): Uint8Array<ArrayBuffer> | undefined {
  const path = stateFile(name);
  if (!checkFolder(storePath()) || !checkFolder(hubFolder())) return undefined;
  try {
    return readRegularFile(path, { maxBytes: LIMITS.bytes }).bytes;
  } catch (cause) {
    if (errnoName(cause) === "ENOENT") return undefined;
    if (cause instanceof IrregularFile) {
      throw new CatalogError(`Cannot read ${path}: ${cause.message}`, { code: "BAD_STATE", cause });
    }
    throw fileError(`read ${path}`, cause);
  }
}

/** The directory, locked for this process alone until it is disposed of. */
export class LockedState implements Disposable {
  readonly #lock: Lock;

  private constructor(lock: Lock) {
    this.#lock = lock;
  }

  /** Waits for the lock. The directory is created if necessary. */
  static async acquire(): Promise<LockedState> {
    // The store's own directory first, with its marker and modes.
    await using _store = await Store.open();
    if (!checkFolder(hubFolder())) makeFolder(hubFolder());
    return new LockedState(await Lock.acquire(stateFile("lock"), { exclusive: true }));
  }

  /** Replaces a file whole or not at all; what a killed process left is removed first. */
  async write(name: string, content: Uint8Array | object): Promise<void> {
    await removeLeftovers();
    const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(
      `${JSON.stringify({ version: STATE_VERSION, ...content }, null, 2)}\n`,
    );
    const temporary = stateFile(`${TEMPORARY}${crypto.randomUUID()}`);
    await replaceFile(stateFile(name), bytes, { temporary });
  }

  /** Removes the files with a start of their name, except some. */
  async removeOthers(start: string, kept: ReadonlySet<string>): Promise<void> {
    for await (const { name } of Deno.readDir(hubFolder())) {
      if (name.startsWith(start) && !kept.has(name)) await Deno.remove(stateFile(name));
    }
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}

const TEMPORARY = "new-";

/** Only with the lock. */
async function removeLeftovers(): Promise<void> {
  for await (const { name } of Deno.readDir(hubFolder())) {
    if (name.startsWith(TEMPORARY)) await Deno.remove(stateFile(name)).catch(() => {});
  }
}
