/** Signatures of an artifact, for `inspect`: listed, and verified with the keys that are at hand. */
import {
  type Description,
  isDigest,
  parseReference,
  requirementsFor,
  type SignatureSource,
  TrustError,
  verifySignatures,
} from "../../oci/mod.ts";
import { ReferenceSyntaxError } from "../../oci/mod.ts";

/** A manifest of signatures. */
export interface SignatureFacts {
  /** Digest of the manifest that holds it. */
  readonly digest: string;
  readonly mediaType: string;
  /** Name of the key that it was verified with; undefined for one that no given key made. */
  readonly key?: string;
  /** SHA-256 of that key, base64. */
  readonly keySha256?: string;
}

/** As many are read by a run. */
const MAX_LISTED = 32;

/**
 * Lists signatures; those by keys of `--verify-key` and of policies have the key's name.
 *
 * @throws {TrustError} `BAD_KEY`, `BAD_POLICY`
 */
export async function signatureFacts(
  source: SignatureSource,
  { description: { reference, digest, chosenFrom }, verifyKeys, signal }: {
    description: Description;
    verifyKeys: readonly string[] | undefined;
    signal?: AbortSignal;
  },
): Promise<SignatureFacts[]> {
  const digests = [digest, chosenFrom ?? ""].filter(isDigest);
  const facts = new Map<string, SignatureFacts>();
  const options = signal === undefined ? {} : { signal };
  for (const signed of digests) {
    for await (const { digest, mediaType } of source.signaturesOf(signed, options)) {
      if (facts.size < MAX_LISTED) facts.set(digest, { digest, mediaType });
    }
  }
  if (facts.size === 0) return [];
  for (const requirement of requirementsOf(reference, verifyKeys)) {
    for (const key of requirement.keys) {
      const question = {
        what: reference ?? digest,
        digests,
        requirements: [{ ...requirement, keys: [key] }],
        source,
      };
      const verdicts = await verified({ ...question, ...options });
      for (const { signature: { digest, mediaType } } of verdicts) {
        facts.set(digest, { digest, mediaType, key: key.name, keySha256: key.fingerprint });
      }
    }
  }
  return [...facts.values()];
}

type Requirements = ReturnType<typeof requirementsFor>;

/** A policy that rejects the artifact has no keys for it; inspecting runs nothing. */
function requirementsOf(
  reference: string | undefined,
  verifyKeys: readonly string[] | undefined,
): Requirements {
  try {
    const name = parseReference(reference ?? "localhost/unnamed");
    return requirementsFor(name, { verifyKeys });
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return [];
    if (!(error instanceof TrustError) || error.code !== "REJECTED") throw error;
    const name = { registry: "localhost", repository: "unnamed" };
    return requirementsFor(name, { verifyKeys, policies: [] });
  }
}

async function verified(
  question: Parameters<typeof verifySignatures>[0],
): ReturnType<typeof verifySignatures> {
  try {
    return await verifySignatures(question);
  } catch (error) {
    if (error instanceof TrustError) return [];
    throw error;
  }
}
