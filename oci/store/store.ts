/** The local store: an OCI image layout that several processes change at once. */
import { dirname, join } from "node:path";
import {
  type ByteStream,
  type CallOptions,
  type Content,
  type PushOptions,
  readChunks,
  type Source,
  type StreamOptions,
} from "../content.ts";
import { type Descriptor, REF_NAME } from "../descriptor.ts";
import { Verifier } from "../digest.ts";
import { errnoName, fileError } from "./errors.ts";
import { streamOf } from "./file_stream.ts";
import { makeSpare, replaceFile, syncFolder } from "./files.ts";
import { ingest } from "./ingest.ts";
import {
  ADDED,
  emptyIndex,
  type IndexEntry,
  type LayoutIndex,
  paths,
  readIndex,
} from "./layout.ts";
import { isBehind } from "./leads_to.ts";
import { Lease } from "./lease.ts";
import { checkFolder, makeFolder, storePath } from "./location.ts";
import { Lock } from "./lock.ts";
import { descriptorOf, digestIn, entriesOf, notInStore } from "./names.ts";
import { type Pruned, survey, sweep, sweepIngest } from "./prune.ts";

/** Image-spec, image-layout.md. */
const MARKER = JSON.stringify({ imageLayoutVersion: "1.0.0" });

/** Attributes of an entry of `index.json`, in addition to its name. */
export interface TagOptions extends CallOptions {
  /** Annotations for the entry, such as {@linkcode CHOSEN_FROM}. */
  annotations?: Readonly<Record<string, string>>;
}

/**
 * The store, open. Names are whole references, as `formatReference()` writes them.
 *
 * What is pushed, and what was found by {@linkcode has}, is safe from other processes' prunes until the
 * store is disposed of; what is tagged by then stays.
 */
export class Store implements Content, AsyncDisposable {
  /** The layout's folder. */
  readonly path: string;
  #lease: Promise<Lease> | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the store, and creates it if it does not exist.
   *
   * @throws {StoreError} `UNSAFE_STORE` if others can write to it, or an errno name
   */
  static async open(path: string = storePath()): Promise<Store> {
    if (!checkFolder(path)) makeFolder(path);
    const store = new Store(path);
    await store.#layOut();
    return store;
  }

  /** Opens the store if there is one. */
  static openExisting(path: string = storePath()): Store | undefined {
    return checkFolder(path) ? new Store(path) : undefined;
  }

  async #layOut(): Promise<void> {
    const { path } = this;
    try {
      await Deno.mkdir(join(paths.blobs(path), "sha256"), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw fileError(`make the store ${path}`, cause);
    }
    await this.#makeIngest();
    const isNew = await isMissing(paths.marker(path)) || await isMissing(paths.index(path));
    if (!isNew) return;
    using _lock = await Lock.acquire(paths.lock(path), { exclusive: true });
    if (await isMissing(paths.index(path))) await this.#writeIndex(emptyIndex(), { frees: false });
    await this.#replace(paths.marker(path), new TextEncoder().encode(MARKER));
    await syncFolder(dirname(path));
  }

  /** Keeps content from being pruned by other processes until this store is disposed of. */
  async keep(digests: readonly string[]): Promise<void> {
    this.#lease ??= this.#createLease();
    await (await this.#lease).keep(digests);
  }

  async #createLease(): Promise<Lease> {
    await this.#makeIngest();
    return await Lease.create(this.path);
  }

  /** Layouts made by other programs lack it. */
  async #makeIngest(): Promise<void> {
    const path = paths.ingest(this.path);
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw fileError(`make the folder ${path}`, cause);
    }
  }

  /** Reports whether the blob exists with this size; its content is verified when it is read. */
  async has(descriptor: Descriptor): Promise<boolean> {
    return await sizeOf(paths.blob(this.path, descriptor.digest)) === descriptor.size;
  }

  /** Reports whether the blob exists and matches its digest. */
  async hasIntact(descriptor: Descriptor): Promise<boolean> {
    if (!await this.has(descriptor)) return false;
    const verifier = new Verifier(descriptor);
    try {
      await readChunks(await this.fetch(descriptor), (chunk) => verifier.update(chunk));
      verifier.finish();
      return true;
    } catch {
      return false;
    }
  }

  /** Opens it; see {@linkcode Content.fetch}. */
  async fetch(descriptor: Descriptor, options: StreamOptions = {}): Promise<ByteStream> {
    const path = paths.blob(this.path, descriptor.digest);
    try {
      return await streamOf(await Deno.open(path), options);
    } catch (cause) {
      if (errnoName(cause) === "ENOENT") throw notInStore(descriptor.digest);
      throw fileError(`read ${path}`, cause);
    }
  }

  /** Reads it in one go; see {@linkcode Content.read}. */
  read(descriptor: Descriptor): Uint8Array<ArrayBuffer> {
    const path = paths.blob(this.path, descriptor.digest);
    try {
      using file = Deno.openSync(path);
      // One byte more shows that the file has too many.
      const bytes = new Uint8Array(descriptor.size + 1);
      let length = 0;
      while (length < bytes.length) {
        const count = file.readSync(bytes.subarray(length));
        if (count === null) break;
        length += count;
      }
      return bytes.subarray(0, length);
    } catch (cause) {
      if (errnoName(cause) === "ENOENT") throw notInStore(descriptor.digest);
      throw fileError(`read ${path}`, cause);
    }
  }

  /** Takes content in, whole and verified or not at all. What is there and damaged is replaced. */
  async push(descriptor: Descriptor, source: Source, options: PushOptions = {}): Promise<void> {
    await this.keep([descriptor.digest]);
    const isThere = () => this.hasIntact(descriptor);
    if (!await isThere()) {
      await ingest(this.path, { descriptor, source, isThere }, options);
    }
    options.onProgress?.(descriptor.size);
  }

  /** Returns the descriptor of a reference, or of a digest in the index. */
  resolve(name: string): Promise<Descriptor> {
    const entry = this.entryOf(name);
    if (entry === undefined) return Promise.reject(notInStore(name));
    return Promise.resolve(descriptorOf(entry));
  }

  /** The entry with a name, or of a digest; see {@linkcode entriesOf}. */
  entryOf(name: string): IndexEntry | undefined {
    return entriesOf(readIndex(this.path), name)[0];
  }

  /** Every entry of the index. */
  entries(): IndexEntry[] {
    return readIndex(this.path).manifests;
  }

  /** Gives content that is there a name, in place of whatever had it. */
  async tag(descriptor: Descriptor, name: string, options: TagOptions = {}): Promise<void> {
    if (!await this.has(descriptor)) throw notInStore(descriptor.digest);
    await this.add(
      {
        ...withoutAnnotations(descriptor),
        annotations: { ...options.annotations, [REF_NAME]: name },
      },
    );
  }

  /** Adds an entry, in place of the one with its name if it has one, else of the same one. */
  async add(entry: IndexEntry): Promise<void> {
    const name = entry.annotations?.[REF_NAME];
    const added = { ...entry, annotations: { ...entry.annotations, [ADDED]: now() } };
    await this.#change((manifests) => [
      ...manifests.filter((other) =>
        name === undefined
          ? other.digest !== entry.digest || other.annotations?.[REF_NAME] !== undefined
          : other.annotations?.[REF_NAME] !== name
      ),
      added,
    ]);
  }

  /**
   * Adds another name to an artifact, with the attributes of its entry.
   *
   * @throws {StoreError} `NOT_IN_STORE`
   */
  async alias(from: string, to: string): Promise<void> {
    await this.#change((manifests, index) => {
      const digest = digestIn(from);
      const source = [...entriesOf(index, from), ...entriesOf(index, digest ?? "")]
        .find((entry) => digest === undefined || isBehind(this.path, digest, entry));
      if (source === undefined) throw notInStore(from);
      const annotations = { ...source.annotations, [REF_NAME]: to, [ADDED]: now() };
      return [
        ...manifests.filter((other) => other.annotations?.[REF_NAME] !== to),
        { ...source, annotations },
      ];
    });
  }

  /**
   * Removes names, or with a digest every name of it; the content stays until {@linkcode prune}.
   *
   * @returns the entries that are gone
   * @throws {StoreError} `NOT_IN_STORE`, and then nothing was removed
   */
  async untag(names: readonly string[]): Promise<IndexEntry[]> {
    let removed: IndexEntry[] = [];
    await this.#change((manifests, index) => {
      removed = names.flatMap((name) => {
        const found = entriesOf(index, name);
        if (found.length === 0) throw notInStore(name);
        return found;
      });
      return manifests.filter((entry) => !removed.includes(entry));
    }, { frees: true });
    return removed;
  }

  /**
   * Removes what no entry of the index leads to and no process is about to use. Where an entry's
   * manifest cannot be read, every blob stays, since it may lead there.
   */
  async prune(options: { partials?: boolean; dryRun?: boolean } = {}): Promise<Pruned> {
    using _lock = await Lock.acquire(paths.lock(this.path), { exclusive: true });
    const index = readIndex(this.path);
    const { manifests, leased, blobs, unreadable } = await survey(this.path, index.manifests);
    const isLess = unreadable.length === 0 && manifests.length < index.manifests.length;
    if (!options.dryRun && isLess) await this.#writeIndex({ ...index, manifests }, { frees: true });
    for (const digest of leased) blobs.add(digest);
    const pruned = await sweep(this.path, { ...options, kept: blobs, unreadable });
    if (!options.dryRun) {
      await makeSpare(paths.spare(this.path), (await sizeOf(paths.index(this.path))) ?? 0);
    }
    return pruned;
  }

  async #change(
    edit: (manifests: IndexEntry[], index: LayoutIndex) => IndexEntry[],
    options: { frees: boolean } = { frees: false },
  ): Promise<void> {
    using _lock = await Lock.acquire(paths.lock(this.path), { exclusive: true });
    const index = readIndex(this.path);
    await this.#writeIndex({ ...index, manifests: edit(index.manifests, index) }, options);
    await sweepIngest(this.path);
  }

  /**
   * Only with the store locked for this process alone.
   *
   * @param options.frees it is the way to free space, and may use what is kept for that
   */
  async #writeIndex(index: LayoutIndex, options: { frees: boolean }): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    const spare = options.frees ? paths.spare(this.path) : undefined;
    await this.#replace(paths.index(this.path), bytes, { spare });
    // On a full disk, freed space is left to the next write that frees some.
    if (!options.frees) await makeSpare(paths.spare(this.path), bytes.length);
  }

  async #replace(
    path: string,
    bytes: Uint8Array,
    options: { spare?: string | undefined } = {},
  ): Promise<void> {
    await this.#makeIngest();
    const temporary = join(paths.ingest(this.path), `new-${crypto.randomUUID()}`);
    await replaceFile(path, bytes, { ...options, temporary });
  }

  /** Lets other processes prune what this one had kept and not tagged. */
  async [Symbol.asyncDispose](): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    // Errors of its creation were thrown to the call that needed it.
    await (await lease?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

function withoutAnnotations(descriptor: Descriptor): IndexEntry {
  const { annotations: _, ...rest } = descriptor;
  return { ...rest };
}

/** Returns the time in whole seconds. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

async function isMissing(path: string): Promise<boolean> {
  return await sizeOf(path) === undefined;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (cause) {
    if (errnoName(cause) === "ENOENT") return undefined;
    throw fileError(`look at ${path}`, cause);
  }
}
