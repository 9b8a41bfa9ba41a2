/**
 * Acquires modules by reference: from the store or by a pull, and only those that policies, keys and
 * signatures admit.
 */
import type { CallOptions } from "./content.ts";
import { PERMISSIONS } from "./descriptor.ts";
import { MismatchError } from "./errors.ts";
import type { GadgetParts } from "./gadget.ts";
import { readModule } from "./formats/module_bytes.ts";
import type { Reference } from "./reference.ts";
import type { Repository } from "./registry/repository.ts";
import { lookUp, readGadget, readPlainModule, type StoredArtifact } from "./store/lookup.ts";
import { Store } from "./store/store.ts";
import { type Arrived, pullArtifact, type TransferObserver } from "./transfer.ts";
import { Guard } from "./trust/guard.ts";
import { type Origin, repositoryOf } from "./trust/kept_grants.ts";
import { repositorySignatures } from "./trust/signatures.ts";
import { keepSignatures } from "./trust/stored_signatures.ts";
import type { Verdict } from "./trust/verify.ts";

/** Repository with the connection to its registry. */
export interface Remote extends Disposable {
  /** Repository of the reference. */
  readonly repository: Repository;
}

/** Parts of a pull into a store. */
export interface AdmittedPullOptions extends CallOptions {
  /** Prepares a connection to the registry of the reference; the callee closes it. */
  readonly connect: () => Remote;
  /** Platform of an image index, as in `wasi/wasm`. Default: a platform of WebAssembly. */
  readonly platform?: string | undefined;
  /** Key files whose signature is required, in addition to the policies. */
  readonly verifyKeys?: readonly string[] | undefined;
  /** Observes the transfers. */
  readonly observer?: TransferObserver | undefined;
}

/** Artifact in the store, with its signatures. */
export interface Pulled extends Arrived {
  /** One for each signature that a key or a policy requires. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Pulls an artifact into an open store, if policies and keys admit it: its signatures are verified and
 * kept before any of its blobs is fetched.
 *
 * @throws {TrustError} `REJECTED`, `NOT_SIGNED`, `BAD_SIGNATURE`, `BAD_POLICY`, `BAD_KEY`
 * @throws {RegistryError} when the registry fails
 * @throws {ArtifactError} when the artifact contains no module
 */
export async function pullAdmitted(
  reference: Reference,
  store: Store,
  options: AdmittedPullOptions,
): Promise<Pulled> {
  const { platform, verifyKeys, observer, signal } = options;
  const guard = new Guard(reference, { verifyKeys });
  using remote = options.connect();
  const source = repositorySignatures(remote.repository);
  let verdicts: readonly Verdict[] = [];
  const arrived = await pullArtifact({ remote: remote.repository, reference }, store, {
    platform,
    observer,
    signal,
    async admit(digests) {
      verdicts = await guard.verify(source, digests, { signal });
      await keepSignatures(verdicts, { source, store, signal });
    },
  });
  return { ...arrived, verdicts };
}

/** Options of {@linkcode acquireModule}. */
export interface AcquireOptions extends AdmittedPullOptions {
  /** Use of the registry: before the store, when the store lacks the artifact, or not at all. */
  readonly when: "always" | "missing" | "never";
  /** Name of the artifact in errors, as the user gave it. */
  readonly what: string;
}

/** Module of a reference. */
export interface AcquiredModule {
  /** Content of the .wasm file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its repository, digest and verified signers. */
  readonly origin: Origin;
  /** Metadata of a gadget of Inspektor Gadget. */
  readonly gadget?: GadgetParts | undefined;
}

/**
 * Returns the module of a reference, if policies and keys admit it. Signatures are verified at each
 * use; those of an artifact in the store are taken from the registry when the store has none.
 *
 * @returns undefined when the store lacks the artifact and `when` is `never`
 * @throws {TrustError} and the others of {@linkcode pullAdmitted}
 * @throws {MismatchError} when the store is damaged
 */
export async function acquireModule(
  reference: Reference,
  options: AcquireOptions,
): Promise<AcquiredModule | undefined> {
  const { what, when, platform, signal } = options;
  // Policies refuse before anything is looked up.
  const guard = new Guard(reference, { verifyKeys: options.verifyKeys });
  const stored = when === "always" ? undefined : await orPullAgain(what, async () => {
    const found = lookUp(reference, { platform });
    return found && await fromStore(found, { ...options, guard, reference });
  });
  if (stored !== undefined || when === "never") return stored;
  await using store = await Store.open();
  const { place, manifest, annotations, verdicts } = await pullAdmitted(reference, store, options);
  const bytes = await readModule({ content: store, place, what }, { signal });
  const kept = lookUp(reference, { platform });
  return {
    bytes,
    origin: originOf(reference, { digest: manifest.digest, annotations }, verdicts),
    // Another pull may have replaced it meanwhile.
    gadget: kept?.digest === manifest.digest ? readGadget(kept) : undefined,
  };
}

/** Returns the stored module, if it is complete, and keys and policies admit it. */
async function fromStore(
  found: StoredArtifact,
  options: AcquireOptions & { guard: Guard; reference: Reference },
): Promise<AcquiredModule | undefined> {
  const { guard, reference, what, when, signal } = options;
  await using store = Store.openExisting();
  if (store === undefined) return undefined;
  using remote = options.connect();
  const elsewhere = () => Promise.resolve(repositorySignatures(remote.repository));
  const verdicts = await guard.verifyStored(store, { manifest: found.digest, root: found.root }, {
    signal,
    elsewhere: when === "never" ? undefined : elsewhere,
  });
  const { place } = found;
  const origin = originOf(reference, {
    digest: found.digest,
    annotations: found.manifest.annotations,
  }, verdicts);
  if (!place.isArchive) {
    const bytes = readPlainModule(found, { what });
    return bytes && { bytes, origin, gadget: readGadget(found) };
  }
  for (const layer of place.layers) if (!await store.has(layer)) return undefined;
  return { bytes: await readModule({ content: store, place, what }, { signal }), origin };
}

/** Adds a hint for a damaged store. */
async function orPullAgain<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof MismatchError)) throw cause;
    const hint = `run wasm-bpf pull ${what} to replace the damaged parts of the store`;
    throw new MismatchError(cause.message, { code: cause.code, hint, cause });
  }
}

function originOf(
  reference: Reference,
  { digest, annotations }: {
    digest: string;
    annotations: Readonly<Record<string, string>>;
  },
  verdicts: readonly Verdict[],
): Origin {
  const signers = verdicts.map(({ key: { fingerprint, name } }) => ({ fingerprint, name }));
  return {
    repository: repositoryOf(reference),
    digest,
    signers,
    asked: annotations[PERMISSIONS],
  };
}
