/** Copies artifacts between registries, files and the store. */
import {
  bytesSource,
  type CallOptions,
  type Content,
  readContent,
  type Source,
} from "./content.ts";
import { type Descriptor, REF_NAME } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { ArtifactError, RegistryError } from "./errors.ts";
import { findModule, MAX_MODULE_BYTES, type ModulePlace } from "./formats/find_module.ts";
import { moduleBytes } from "./formats/module_bytes.ts";
import type { PackedArtifact } from "./formats/pack.ts";
import { choosePlatform, machineManifest } from "./formats/platform.ts";
import { MANIFEST_LIMITS } from "./json.ts";
import { linkedSignal } from "./linked_signal.ts";
import {
  checkManifestType,
  type ImageIndex,
  type ImageManifest,
  parseManifest,
} from "./manifest.ts";
import { formatReference, type Reference } from "./reference.ts";
import { CHOSEN_FROM } from "./store/layout.ts";
import { storedName } from "./store/names.ts";
import type { Store } from "./store/store.ts";

/** Maximum number of concurrent blob transfers. */
const PARALLEL_BLOBS = 4;

/** Maximum size of config and layers: modules are small, and their archives not much larger. */
const MAX_ARTIFACT_BYTES = 2 * MAX_MODULE_BYTES;

/** Outcome of a blob's transfer. */
export type TransferOutcome = "moved" | "there already";

/** Observer of transfers, one for each blob except manifests. */
export interface TransferObserver {
  /** Called when a transfer starts; the returned object receives progress and completion. */
  start(descriptor: Descriptor): {
    /** Receives the total of bytes transferred; it decreases when a transfer resumes. */
    update(bytes: number): void;
    /** Called when this transfer waits for another process that has the same one. */
    wait(): void;
    /** Called when the transfer completes; not called when it fails. */
    end(outcome: TransferOutcome): void;
  };
}

/** Options of {@linkcode pullArtifact}. */
export interface PullOptions extends CallOptions {
  /** Platform of an image index, as in `wasi/wasm`. Default: a platform of WebAssembly. */
  platform?: string | undefined;
  /** Observes the transfers. */
  observer?: TransferObserver | undefined;
  /**
   * Called after the manifests and before the blobs are fetched; throws to refuse the artifact. Receives
   * the digest of the manifest, and that of its index if there is one.
   */
  admit?: ((digests: readonly Digest[]) => Promise<void>) | undefined;
}

/** Artifact that was pulled into the store. */
export interface Arrived {
  /** Name in the store. */
  readonly name: string;
  /** Descriptor of the reference: the manifest, or the index that it was chosen from. */
  readonly root: Descriptor;
  /** Descriptor of the manifest. */
  readonly manifest: Descriptor;
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Place of the module in the manifest. */
  readonly place: ModulePlace;
}

/**
 * Pulls an artifact into the store. It is named only after all content is stored and contains a module.
 *
 * @throws {RegistryError} when the registry fails
 * @throws {ArtifactError} when the artifact contains no module
 * @throws {StoreError} when it cannot be stored
 */
export async function pullArtifact(
  from: { remote: Content; reference: Reference },
  store: Store,
  options: PullOptions = {},
): Promise<Arrived> {
  const { remote, reference } = from;
  const name = storedName(reference);
  const what = formatReference(reference);
  const root = await remote.resolve(reference.digest ?? reference.tag ?? "latest", options);
  const copy = { remote, store, what, options };
  const top = await takeManifest(copy, root);
  let chosen = root;
  let manifest = top;
  if (top.kind === "index") {
    ({ chosen, manifest } = await chooseManifest(copy, top));
  }
  if (manifest.kind === "index") {
    throw new ArtifactError(`Cannot use ${what}: nested image indexes are not supported`, {
      code: "UNSUPPORTED",
    });
  }
  const place = findModule(manifest, what);
  checkTotal(manifest, what);
  await options.admit?.([...new Set([chosen.digest, root.digest])]);
  await takeBlobs(copy, [manifest.config, ...manifest.layers]);
  await checkModule(store, { place, what, signal: options.signal });
  const annotations = root === chosen ? {} : { [CHOSEN_FROM]: root.digest };
  await store.tag(chosen, name, { annotations });
  return { name, root, manifest: chosen, annotations: manifest.annotations, place };
}

/** Larger images are not those of one eBPF object. */
const MAX_OBJECT_IMAGE_BYTES = 16 << 20;

/** Chooses a manifest of an index: one for WebAssembly, or one for this machine that may hold an object. */
async function chooseManifest(
  copy: Copy,
  index: ImageIndex,
): Promise<{ chosen: Descriptor; manifest: ImageManifest | ImageIndex }> {
  const { what, options: { platform } } = copy;
  try {
    const chosen = choosePlatform(index, { what, platform });
    return { chosen, manifest: await takeManifest(copy, chosen) };
  } catch (error) {
    const chosen = platform === undefined ? machineManifest(index) : undefined;
    if (!(error instanceof ArtifactError && error.code === "NOT_FOUND") || chosen === undefined) {
      throw error;
    }
    const manifest = await takeManifest(copy, chosen);
    if (manifest.kind === "index" || !mayHoldObject(manifest, what)) throw error;
    return { chosen, manifest };
  }
}

/** Reports whether layers are few and small enough for an object, so that no other image is fetched. */
function mayHoldObject(manifest: ImageManifest, what: string): boolean {
  try {
    const { kind, layers } = findModule(manifest, what);
    const size = layers.reduce((sum, layer) => sum + layer.size, 0);
    // A module is for no machine: its index has a manifest for WebAssembly.
    if (layers.some(({ mediaType }) => /[/+]wasm$/.test(mediaType))) return false;
    return kind !== "image" || (layers.length === 1 && size <= MAX_OBJECT_IMAGE_BYTES);
  } catch (error) {
    if (error instanceof ArtifactError) return false;
    throw error;
  }
}

interface Copy {
  readonly remote: Content;
  readonly store: Store;
  readonly what: string;
  readonly options: PullOptions;
}

async function takeManifest(
  { remote, store, what, options }: Copy,
  descriptor: Descriptor,
): Promise<ImageManifest | ImageIndex> {
  const { signal } = options;
  // A registry serves an unknown type neither as a manifest nor as a blob.
  checkManifestType(what, descriptor.mediaType);
  const limit = MANIFEST_LIMITS.bytes;
  if (descriptor.size > limit) {
    throw new ArtifactError(
      `Cannot use ${what}: its manifest has ${descriptor.size} bytes, more than the limit of ${limit}`,
      { code: "TOO_LARGE" },
    );
  }
  await store.push(descriptor, (from) => remote.fetch(descriptor, from), { signal });
  const bytes = await readContent(store, descriptor, { limit, signal });
  return parseManifest(bytes, { what, mediaType: descriptor.mediaType });
}

function checkTotal({ config, layers }: ImageManifest, what: string): void {
  const total = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
  if (total <= MAX_ARTIFACT_BYTES) return;
  throw new ArtifactError(`Cannot use ${what}: its size is ${total} bytes`, {
    code: "TOO_LARGE",
    hint: `the limit is ${MAX_ARTIFACT_BYTES} bytes, and 1 GiB for a module`,
  });
}

async function takeBlobs(
  { remote, store, options }: Copy,
  descriptors: readonly Descriptor[],
): Promise<void> {
  await store.keep(descriptors.map(({ digest }) => digest));
  await eachBlob(descriptors, options, async (descriptor, signal) => {
    const transfer = options.observer?.start(descriptor);
    let outcome: TransferOutcome = "there already";
    const source: Source = (from) => {
      outcome = "moved";
      return remote.fetch(descriptor, from);
    };
    const onProgress = transfer?.update.bind(transfer);
    const onWait = transfer?.wait.bind(transfer);
    await store.push(descriptor, source, { signal, onProgress, onWait });
    transfer?.end(outcome);
  });
}

/** Transfers each blob once, even if the manifest repeats it. */
async function eachBlob(
  descriptors: readonly Descriptor[],
  options: CallOptions,
  work: (descriptor: Descriptor, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const unique = new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor]));
  await eachBounded(
    unique.values(),
    { limit: PARALLEL_BLOBS, signal: options.signal },
    work,
  );
}

/** Reads enough of the module to recognize it. */
async function checkModule(
  store: Store,
  module: { place: ModulePlace; what: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { place, what, signal } = module;
  for await (const _ of moduleBytes({ content: store, place, what }, { signal })) return;
}

/** Options of pushes. */
export interface SendOptions extends CallOptions {
  /** Another repository of the registry that may have the blobs, which are then mounted. */
  mountFrom?: string | undefined;
  /** Observes the transfers. */
  observer?: TransferObserver | undefined;
}

/**
 * Pushes a module with its manifest and config, and tags it if the reference has a tag.
 *
 * @returns the manifest
 */
export async function pushModule(
  to: { remote: Content; reference: Reference },
  module: { artifact: PackedArtifact; source: Source },
  options: SendOptions = {},
): Promise<Descriptor> {
  const { artifact: { config, layer, manifest }, source } = module;
  const sources = new Map([
    [layer.digest, source],
    [config.descriptor.digest, bytesSource(config.bytes)],
  ]);
  return await send(to, {
    blobs: [config.descriptor, layer],
    manifest: manifest.descriptor,
    open: (descriptor) => sources.get(descriptor.digest) ?? bytesSource(manifest.bytes),
  }, options);
}

/**
 * Pushes a stored artifact.
 *
 * @returns the manifest
 * @throws {StoreError} `NOT_IN_STORE`
 */
export async function pushStored(
  to: { remote: Content; reference: Reference },
  stored: { store: Store; name: string },
  options: SendOptions = {},
): Promise<Descriptor> {
  const { store, name } = stored;
  const descriptor = await store.resolve(name);
  await store.keep([descriptor.digest]);
  const { signal } = options;
  const bytes = await readContent(store, descriptor, { limit: MANIFEST_LIMITS.bytes, signal });
  const manifest = parseManifest(bytes, { what: name, mediaType: descriptor.mediaType });
  if (manifest.kind === "index") {
    throw new ArtifactError(`Cannot push ${name}: image indexes are not supported`, {
      code: "UNSUPPORTED",
      hint: "use skopeo copy --all",
    });
  }
  const blobs = [manifest.config, ...manifest.layers];
  await store.keep(blobs.map(({ digest }) => digest));
  const open = (blob: Descriptor): Source => (from) => store.fetch(blob, from);
  const mountFrom = options.mountFrom ?? otherRepository(store, to.reference, descriptor.digest);
  return await send(to, { blobs, manifest: descriptor, open }, { ...options, mountFrom });
}

/** Returns another repository of the registry from which the store has the same artifact. */
function otherRepository(
  store: Store,
  { registry, repository }: Reference,
  digest: string,
): string | undefined {
  const start = `${registry}/`;
  const names = store.entries()
    .filter((entry) => entry.digest === digest)
    .map(({ annotations }) => annotations?.[REF_NAME] ?? "")
    .filter((name) => name.startsWith(start));
  const repositories = names.map((name) => name.slice(start.length).replace(/[:@].*$/, ""));
  return repositories.find((other) => other !== repository);
}

async function send(
  to: { remote: Content; reference: Reference },
  artifact: {
    blobs: readonly Descriptor[];
    manifest: Descriptor;
    open: (descriptor: Descriptor) => Source;
  },
  options: SendOptions,
): Promise<Descriptor> {
  const { remote, reference: { tag } } = to;
  const { blobs, manifest, open } = artifact;
  await eachBlob(blobs, options, async (descriptor, signal) => {
    const transfer = options.observer?.start(descriptor);
    let outcome: TransferOutcome = "there already";
    const source: Source = (from) => {
      outcome = "moved";
      return open(descriptor)(from);
    };
    const onProgress = transfer?.update.bind(transfer);
    const push = (mountFrom?: string) =>
      remote.push(descriptor, source, { signal, onProgress, mountFrom });
    try {
      await push(options.mountFrom);
    } catch (error) {
      // A registry may refuse a mount, which only saves bytes.
      const isRefused = error instanceof RegistryError && (error.status ?? 500) < 500;
      if (!isRefused || options.mountFrom === undefined) throw error;
      await push();
    }
    transfer?.end(outcome);
  });
  const { signal } = options;
  await remote.push(manifest, open(manifest), { signal });
  if (tag !== undefined) await remote.tag(manifest, tag, { signal });
  return manifest;
}

/**
 * Runs `work` for each item, at most `limit` at the same time, in order.
 *
 * The first failure aborts the signal of the others, and is thrown after all have ended: no work goes on
 * in the background.
 */
export async function eachBounded<T>(
  items: Iterable<T>,
  options: { limit: number; signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const given = options.signal;
  const signal = linkedSignal(given, failed.signal);
  const failures: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    while (!signal.aborted) {
      const { value, done } = iterator.next();
      if (done) return;
      try {
        await work(value, signal);
      } catch (error) {
        failures.push(error);
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.limit) }, worker));
  given?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
