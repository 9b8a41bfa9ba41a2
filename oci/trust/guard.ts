/** Enforces policies and options before an artifact is used. */
import type { CallOptions } from "../content.ts";
import { Deadline } from "../deadline.ts";
import type { Digest } from "../digest.ts";
import { HostError } from "../errors.ts";
import { formatReference, type Reference } from "../reference.ts";
import { TrustError } from "./errors.ts";
import { type RequirementOptions, requirementsFor } from "./requirements.ts";
import type { SignatureSource } from "./signatures.ts";
import {
  keepSignatures,
  type SignatureStore,
  storedSignatures,
  vouchingDigests,
} from "./stored_signatures.ts";
import { type Requirement, type Verdict, verifySignatures } from "./verify.ts";

/** Time for all requests for the signatures of one artifact, in milliseconds. */
const SIGNATURES_MS = 120_000;

/** Stored artifact to verify. */
export interface Stored {
  /** Digest of the manifest. */
  readonly manifest: Digest;
  /** Digest of the index that it was chosen from, or of the manifest itself. */
  readonly root: Digest;
}

/** Requirements of policies and options for one artifact. */
export class Guard {
  /** Name of the artifact in errors. */
  readonly #what: string;
  readonly #requirements: readonly Requirement[];

  /**
   * Reads the requirements for a reference.
   *
   * @throws {TrustError} `REJECTED`, `BAD_POLICY`, `BAD_KEY`
   */
  constructor(reference: Reference, options: RequirementOptions = {}) {
    this.#what = formatReference(reference);
    this.#requirements = requirementsFor(reference, options);
  }

  /** Reports whether signatures are required. */
  get wantsSignatures(): boolean {
    return this.#requirements.length > 0;
  }

  /**
   * Verifies an artifact before it is fetched.
   *
   * @param digests digest of its manifest, and that of its index if there is one
   * @throws {TrustError} `NOT_SIGNED`, `BAD_SIGNATURE`
   */
  async verify(
    source: SignatureSource,
    digests: readonly Digest[],
    options: CallOptions = {},
  ): Promise<Verdict[]> {
    const requirements = this.#requirements;
    const what = this.#what;
    using deadline = new Deadline({
      what: `look for the signatures of ${what}`,
      ms: SIGNATURES_MS,
      signal: options.signal,
    });
    const { signal } = deadline;
    return await verifySignatures({ what, digests, requirements, source, signal });
  }

  /**
   * Verifies an artifact of the store, before each use.
   *
   * @param options.elsewhere source when the store has no valid signature; signatures from there are
   *   stored
   * @returns a verdict for each requirement
   * @throws {TrustError} `NOT_SIGNED`, `BAD_SIGNATURE`
   */
  async verifyStored(
    store: SignatureStore & { readonly path: string },
    artifact: Stored,
    options: CallOptions & { elsewhere?: (() => Promise<SignatureSource>) | undefined } = {},
  ): Promise<readonly Verdict[]> {
    if (!this.wantsSignatures) return [];
    const { elsewhere, signal } = options;
    const digests = vouchingDigests(store.path, artifact);
    try {
      return await this.verify(storedSignatures(store), digests, { signal });
    } catch (error) {
      if (!(error instanceof TrustError) || elsewhere === undefined) throw error;
      return await this.#verifyElsewhere(await elsewhere(), { store, digests, signal, error });
    }
  }

  async #verifyElsewhere(
    source: SignatureSource,
    known: CallOptions & { store: SignatureStore; digests: readonly Digest[]; error: TrustError },
  ): Promise<readonly Verdict[]> {
    const { store, digests, error, signal } = known;
    const verdicts = await this.verify(source, digests, { signal })
      .catch((cause) => Promise.reject(withReason(error, cause)));
    try {
      await keepSignatures(verdicts, { source, store, signal });
    } catch (cause) {
      // A full or read-only store only means that the next run requests the signatures again.
      if (!(cause instanceof HostError)) throw cause;
    }
    return verdicts;
  }
}

/** Returns the error about the store's signatures, with the failure of the registry added. */
function withReason(error: TrustError, cause: unknown): unknown {
  if (!(cause instanceof HostError) || cause instanceof TrustError) return cause;
  const { message, code, hint, detail } = error;
  const lines = [...detail === undefined ? [] : [detail], `registry: ${cause.message}`];
  return new TrustError(message, { code, hint, detail: lines.join("\n"), cause });
}
