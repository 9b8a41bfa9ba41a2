/** Verifies that an artifact has the required signatures. */
import type { CallOptions } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { TrustError } from "./errors.ts";
import type { PublicKey } from "./public_key.ts";
import { type FoundSignature, signaturesIn, type SignatureSource } from "./signatures.ts";

/** Required signature. */
export interface Requirement {
  /** Source of the requirement, for errors: `--verify-key cosign.pub`. */
  readonly source: string;
  /** Keys; a signature by one of them is sufficient. */
  readonly keys: readonly PublicKey[];
}

/** Satisfied requirement. */
export interface Verdict {
  /** Requirement. */
  readonly requirement: Requirement;
  /** Key of the signature. */
  readonly key: PublicKey;
  /** Signed digest: one of those of the question. */
  readonly digest: Digest;
  /** Manifest that holds the signature. */
  readonly signature: Descriptor;
}

/** Options of {@linkcode verifySignatures}. */
export interface Question extends CallOptions {
  /** Reference of the artifact, for errors. */
  readonly what: string;
  /**
   * Digest of the manifest, and that of the index it was chosen from, if any: a signature of an index
   * covers all of its manifests.
   */
  readonly digests: readonly Digest[];
  /** Requirements; all must be satisfied. */
  readonly requirements: readonly Requirement[];
  /** Source of signatures. */
  readonly source: SignatureSource;
}

/** Maximum number of manifests to read: any user with push access can add more. */
const MAX_MANIFESTS = 32;
const MAX_SIGNATURES = 100;

/** Maximum number of reasons in an error. */
const MAX_REASONS = 10;

/**
 * Finds a valid signature for each requirement. Invalid signatures are ignored: any user with push access
 * can add some.
 *
 * @returns a verdict for each requirement, in order
 * @throws {TrustError} `NOT_SIGNED`, `BAD_SIGNATURE`
 */
export async function verifySignatures(question: Question): Promise<Verdict[]> {
  const { requirements } = question;
  const met = new Map<Requirement, Verdict>();
  const reasons: string[] = [];
  let seen = 0;
  for await (const { signature, manifest } of candidates(question)) {
    if (++seen > MAX_SIGNATURES) {
      reasons.push(`more than ${MAX_SIGNATURES} signatures; the rest was ignored`);
      break;
    }
    for (const requirement of requirements) {
      if (met.has(requirement)) continue;
      const found = await checked(signature, { requirement, digests: question.digests });
      if (typeof found === "string") reasons.push(found);
      else met.set(requirement, { requirement, ...found, signature: manifest });
    }
    if (met.size === requirements.length) break;
  }
  return requirements.map((requirement) =>
    met.get(requirement) ?? notTrusted(question, { requirement, seen, reasons })
  );
}

async function checked(
  signature: FoundSignature | string,
  wanted: { requirement: Requirement; digests: readonly Digest[] },
): Promise<{ key: PublicKey; digest: Digest } | string> {
  if (typeof signature === "string") return signature;
  const found = await signature.check(wanted.requirement.keys, wanted.digests);
  return typeof found === "string" ? `${signature.name}: ${found}` : found;
}

/** Yields the signatures of all digests one by one: usually the first one is valid. */
async function* candidates(
  { digests, requirements, source, signal }: Question,
): AsyncGenerator<{ signature: FoundSignature | string; manifest: Descriptor }> {
  if (requirements.length === 0) return;
  const options = { signal };
  const asked = new Set<Digest>();
  for (const digest of digests) {
    for await (const manifest of source.signaturesOf(digest, options)) {
      if (asked.has(manifest.digest)) continue;
      asked.add(manifest.digest);
      if (asked.size > MAX_MANIFESTS) {
        yield {
          signature: `more than ${MAX_MANIFESTS} manifests; the rest was ignored`,
          manifest,
        };
        return;
      }
      for await (const signature of signaturesIn(source, manifest, options)) {
        yield { signature, manifest };
      }
    }
  }
}

function notTrusted(
  { what }: Question,
  failed: { requirement: Requirement; seen: number; reasons: readonly string[] },
): never {
  const { requirement: { source, keys }, seen, reasons } = failed;
  if (seen === 0) {
    throw new TrustError(
      `Cannot trust ${what}: it is not signed, but ${source} requires a signature`,
      {
        code: "NOT_SIGNED",
        hint: "ask its publisher to sign it with wasm-bpf push --sign-key or cosign sign --key",
      },
    );
  }
  const rest = reasons.length > MAX_REASONS ? [`and ${reasons.length - MAX_REASONS} more`] : [];
  throw new TrustError(`Cannot trust ${what}: no valid signature for ${source}`, {
    code: "BAD_SIGNATURE",
    hint: `it may be signed with a key other than ${keys.map(({ name }) => name).join(" or ")}`,
    detail: [...new Set(reasons.slice(0, MAX_REASONS)), ...rest].join("\n"),
  });
}
