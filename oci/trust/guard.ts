/** Stands between an artifact and its use. */
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

/** Time for all requests that look for the signatures of one artifact. */
const SIGNATURES_MS = 120_000;

/** A stored artifact that is to be used. */
export interface Stored {
  /** Its manifest. */
  readonly manifest: Digest;
  /** The index that it was chosen from, or the manifest itself. */
  readonly root: Digest;
}

/** What must hold before one artifact is used, by policies and the command line. */
export class Guard {
  /** The artifact, as errors name it. */
  readonly #what: string;
  readonly #requirements: readonly Requirement[];

  /**
   * Asks policies and options about a reference.
   *
   * @throws {TrustError} `REJECTED`, `BAD_POLICY`, `BAD_KEY`
   */
  constructor(reference: Reference, options: RequirementOptions = {}) {
    this.#what = formatReference(reference);
    this.#requirements = requirementsFor(reference, options);
  }

  /** Whether there must be signatures at all. */
  get wantsSignatures(): boolean {
    return this.#requirements.length > 0;
  }

  /**
   * Verifies an artifact before it is fetched.
   *
   * @param digests of its manifest, and of the index that this was found in, if it was
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
   * @param options.elsewhere where to look when the store has no good signature; what is found there is
   *   kept
   * @throws {TrustError} `NOT_SIGNED`, `BAD_SIGNATURE`
   */
  async verifyStored(
    store: SignatureStore & { readonly path: string },
    artifact: Stored,
    options: CallOptions & { elsewhere?: (() => Promise<SignatureSource>) | undefined } = {},
  ): Promise<void> {
    if (!this.wantsSignatures) return;
    const { elsewhere, signal } = options;
    const digests = vouchingDigests(store.path, artifact);
    try {
      await this.verify(storedSignatures(store), digests, { signal });
    } catch (error) {
      if (!(error instanceof TrustError) || elsewhere === undefined) throw error;
      await this.#verifyElsewhere(await elsewhere(), { store, digests, signal, error });
    }
  }

  async #verifyElsewhere(
    source: SignatureSource,
    known: CallOptions & { store: SignatureStore; digests: readonly Digest[]; error: TrustError },
  ): Promise<void> {
    const { store, digests, error, signal } = known;
    const verdicts = await this.verify(source, digests, { signal })
      .catch((cause) => Promise.reject(withReason(error, cause)));
    try {
      await keepSignatures(verdicts, { source, store, signal });
    } catch (cause) {
      // A store that is full or cannot be written to costs asking again, and nothing else.
      if (!(cause instanceof HostError)) throw cause;
    }
  }
}

/** What is known from the store, with what kept the registry from knowing better. */
function withReason(error: TrustError, cause: unknown): unknown {
  if (!(cause instanceof HostError) || cause instanceof TrustError) return cause;
  const { message, code, hint, detail } = error;
  const lines = [...detail === undefined ? [] : [detail], `and elsewhere: ${cause.message}`];
  return new TrustError(message, { code, hint, detail: lines.join("\n"), cause });
}
