/** The check that an artifact is signed by whom it must be signed by. */
import type { CallOptions } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { TrustError } from "./errors.ts";
import type { PublicKey } from "./public_key.ts";
import { type FoundSignature, signaturesIn, type SignatureSource } from "./signatures.ts";

/** Who must have signed: one of these. */
export interface Requirement {
  /** Who wants that, as errors name it: `--verify-key cosign.pub`. */
  readonly source: string;
  /** A signature by one of them is enough. */
  readonly keys: readonly PublicKey[];
}

/** A requirement that is met. */
export interface Verdict {
  /** Which one. */
  readonly requirement: Requirement;
  /** Who signed. */
  readonly key: PublicKey;
  /** What was signed: one of the digests that were asked about. */
  readonly digest: Digest;
  /** The manifest that holds the signature. */
  readonly signature: Descriptor;
}

/** What {@linkcode verifySignatures} is asked. */
export interface Question extends CallOptions {
  /** The artifact, as errors name it: a reference. */
  readonly what: string;
  /**
   * The manifest's digest, and that of the index it was chosen from, if it was: a signature of either
   * vouches for all that it leads to.
   */
  readonly digests: readonly Digest[];
  /** All must be met. */
  readonly requirements: readonly Requirement[];
  /** Where signatures are looked for. */
  readonly source: SignatureSource;
}

/** Whoever may push can add signatures without end: these are enough to find the right one among. */
const MAX_MANIFESTS = 32;
const MAX_SIGNATURES = 100;

/** As many lines of a report as one wants to read. */
const MAX_REASONS = 10;

/**
 * Finds a good signature for each requirement. Signatures that are of no use do no harm: anybody who may
 * push could add some.
 *
 * @returns a verdict for each requirement, in their order
 * @throws {TrustError} `NOT_SIGNED`, `BAD_SIGNATURE`
 */
export async function verifySignatures(question: Question): Promise<Verdict[]> {
  const { requirements } = question;
  const met = new Map<Requirement, Verdict>();
  const reasons: string[] = [];
  let seen = 0;
  for await (const { signature, manifest } of candidates(question)) {
    if (++seen > MAX_SIGNATURES) {
      reasons.push(`further signatures than the first ${MAX_SIGNATURES} were not looked at`);
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

/** The signatures of all digests, one after the other: most often the first one is good. */
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
          signature: `further manifests than the first ${MAX_MANIFESTS} were not looked at`,
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
    throw new TrustError(`Cannot trust ${what}: it is not signed, and ${source} wants it to be`, {
      code: "NOT_SIGNED",
      hint: "whoever publishes it signs it with wasm-bpf push --sign-key or cosign sign --key",
    });
  }
  const rest = reasons.length > MAX_REASONS ? [`and ${reasons.length - MAX_REASONS} more`] : [];
  throw new TrustError(`Cannot trust ${what}: no signature of it is good for ${source}`, {
    code: "BAD_SIGNATURE",
    hint: `it may be signed by somebody else than ${keys.map(({ name }) => name).join(" or ")}`,
    detail: [...new Set(reasons.slice(0, MAX_REASONS)), ...rest].join("\n"),
  });
}
