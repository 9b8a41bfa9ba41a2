/** Copies artifacts between registries, files and the store. */
import { eachBounded } from "./concurrency.ts";
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
import { choosePlatform } from "./formats/platform.ts";
import { MANIFEST_LIMITS } from "./json.ts";
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

/** Blobs that are under way at the same time. */
const PARALLEL_BLOBS = 4;

/** Config and layers of an artifact in all: modules are small, and archives of them not much larger. */
const MAX_ARTIFACT_BYTES = 2 * MAX_MODULE_BYTES;

/** How a blob's transfer ended. */
export type TransferOutcome = "moved" | "there already";

/** Hears of transfers, one for each blob that is not a manifest. */
export interface TransferObserver {
  /** One begins; what it returns hears how far it is, and that it has ended. */
  start(descriptor: Descriptor): {
    /** Bytes that are through; fewer than before after a cut. */
    update(bytes: number): void;
    /** Another process is at it, and is waited for. */
    wait(): void;
    /** It is done. Of one that failed, nothing is heard. */
    end(outcome: TransferOutcome): void;
  };
}

/** What is to be pulled, and how. */
export interface PullOptions extends CallOptions {
  /** As in `wasi/wasm`, of an image index; what is for WebAssembly when not given. */
  platform?: string | undefined;
  /** Hears of transfers. */
  observer?: TransferObserver | undefined;
  /**
   * Called before anything but manifests is fetched: throws to refuse the artifact. It is given the
   * digest of the manifest, and of the index that it was found in if it was.
   */
  admit?: ((digests: readonly Digest[]) => Promise<void>) | undefined;
}

/** An artifact that is in the store. */
export interface Arrived {
  /** What the store calls it. */
  readonly name: string;
  /** What the reference stands for: the manifest, or the index that it was chosen from. */
  readonly root: Descriptor;
  /** The manifest. */
  readonly manifest: Descriptor;
  /** Where in it the module is. */
  readonly place: ModulePlace;
}

/**
 * Brings an artifact into the store. It gets its name when all of it is there, and is seen to hold a
 * module.
 *
 * @throws {RegistryError} for what the registry does
 * @throws {ArtifactError} when there is no module in it
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
    chosen = choosePlatform(top, { what, platform: options.platform });
    manifest = await takeManifest(copy, chosen);
  }
  if (manifest.kind === "index") {
    throw new ArtifactError(`Cannot use ${what}: it is an image index in an image index`, {
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
  return { name, root, manifest: chosen, place };
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
  // A registry has what it does not know for a manifest neither there nor among the blobs.
  checkManifestType(what, descriptor.mediaType);
  const limit = MANIFEST_LIMITS.bytes;
  if (descriptor.size > limit) {
    throw new ArtifactError(
      `Cannot use ${what}: its manifest has ${descriptor.size} bytes, and at most ${limit} are read`,
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
  throw new ArtifactError(`Cannot use ${what}: it has ${total} bytes`, {
    code: "TOO_LARGE",
    hint: `at most ${MAX_ARTIFACT_BYTES} are taken; a module has at most 1 GiB`,
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

/** Each once, however often the manifest has it. */
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

/** Reads as much of the module as shows that it is one. */
async function checkModule(
  store: Store,
  module: { place: ModulePlace; what: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { place, what, signal } = module;
  for await (const _ of moduleBytes({ content: store, place, what }, { signal })) return;
}

/** How something is pushed. */
export interface SendOptions extends CallOptions {
  /** Another repository of the registry that may have its parts: those need not be sent. */
  mountFrom?: string | undefined;
  /** Hears of transfers. */
  observer?: TransferObserver | undefined;
}

/**
 * Pushes a module with the manifest and config around it, and tags it if the reference has a tag.
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
 * Pushes what the store has under a name.
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
    throw new ArtifactError(`Cannot push ${name}: it is an image index`, {
      code: "UNSUPPORTED",
      hint: "skopeo copy --all copies image indexes",
    });
  }
  const blobs = [manifest.config, ...manifest.layers];
  await store.keep(blobs.map(({ digest }) => digest));
  const open = (blob: Descriptor): Source => (from) => store.fetch(blob, from);
  const mountFrom = options.mountFrom ?? otherRepository(store, to.reference, descriptor.digest);
  return await send(to, { blobs, manifest: descriptor, open }, { ...options, mountFrom });
}

/** A repository of the same registry that the store has the same artifact of. */
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
      // A registry may refuse what would only have spared it some bytes.
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
