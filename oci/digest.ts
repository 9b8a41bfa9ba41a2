/** Digests, and the check that bytes are what a descriptor promises. */
import { createHash } from "node:crypto";
import { ArtifactError, MismatchError, shorten } from "./errors.ts";

/** Algorithms that the image specification registers. */
export type Algorithm = "sha256" | "sha512";

/** An algorithm and a hash in lower-case hexadecimal, as {@linkcode parseDigest} lets it through. */
export type Digest = `${Algorithm}:${string}`;

const HEX_LENGTH: Readonly<Record<Algorithm, number>> = { sha256: 64, sha512: 128 };

/** Whether a text is a digest that can be checked here. */
export function isDigest(text: string): text is Digest {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  return match !== null && HEX_LENGTH[match[1] as Algorithm] === match[2]?.length;
}

/**
 * A digest out of a manifest, a header or a reference. It is safe as a file's name.
 *
 * @throws {ArtifactError} `BAD_DIGEST`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const known = /^sha(256|512):/.test(text);
  const shown = JSON.stringify(shorten(text));
  throw new ArtifactError(
    `Cannot use the digest ${shown}: ` +
      (known ? "it has not the length and the digits that it should" : "its algorithm is unknown"),
    { code: "BAD_DIGEST", hint: "a digest is sha256: and 64 hexadecimal digits in lower case" },
  );
}

/** The two halves of a digest. */
export function splitDigest(digest: Digest): { algorithm: Algorithm; hex: string } {
  const colon = digest.indexOf(":");
  return { algorithm: digest.slice(0, colon) as Algorithm, hex: digest.slice(colon + 1) };
}

/** The digest of bytes that are all there. */
export function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** What a {@linkcode Verifier} compares with: any descriptor will do. */
export interface Expected {
  /** Of all the bytes. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * Hashes bytes while they stream, and says whether they are the promised ones.
 *
 * The size is checked before the digest, and as soon as there is one byte too many: an endless answer
 * ends there. Nothing that went through may be used before {@linkcode finish} has returned.
 */
export class Verifier {
  readonly #expected: Expected;
  readonly #hash: ReturnType<typeof createHash>;
  #seen = 0;

  /** A check of the bytes that `expected` describes, from the first on. */
  constructor(expected: Expected) {
    this.#expected = expected;
    this.#hash = createHash(splitDigest(expected.digest).algorithm);
  }

  /** Bytes seen so far. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {MismatchError} `SIZE_MISMATCH`, when there are more than promised
   */
  update(bytes: Uint8Array): void {
    this.#seen += bytes.length;
    if (this.#seen > this.#expected.size) {
      throw this.#mismatch("SIZE_MISMATCH", `more than the ${this.#expected.size} bytes promised`);
    }
    this.#hash.update(bytes);
  }

  /**
   * Ends the check. Call it once.
   *
   * @throws {MismatchError} `SIZE_MISMATCH` or `DIGEST_MISMATCH`
   */
  finish(): void {
    const { digest, size } = this.#expected;
    if (this.#seen !== size) {
      throw this.#mismatch("SIZE_MISMATCH", `${this.#seen} bytes instead of ${size}`);
    }
    const actual = `${splitDigest(digest).algorithm}:${this.#hash.digest("hex")}`;
    if (actual !== digest) throw this.#mismatch("DIGEST_MISMATCH", `their digest is ${actual}`);
  }

  #mismatch(code: "SIZE_MISMATCH" | "DIGEST_MISMATCH", reason: string): MismatchError {
    return new MismatchError(`Cannot use the content of ${this.#expected.digest}: ${reason}`, {
      code,
      hint: "it was damaged or changed on the way, or where it is kept: get it again",
    });
  }
}

/**
 * Checks bytes that are all there.
 *
 * @throws {MismatchError} `SIZE_MISMATCH` or `DIGEST_MISMATCH`
 */
export function verify(bytes: Uint8Array, expected: Expected): void {
  const verifier = new Verifier(expected);
  verifier.update(bytes);
  verifier.finish();
}
