/** Digests, and the verification of bytes against a descriptor. */
import { createHash } from "node:crypto";
import { ArtifactError, MismatchError, shorten } from "./errors.ts";

/** Algorithm registered by the image specification. */
export type Algorithm = "sha256" | "sha512";

/** Algorithm and hash in lower-case hexadecimal, as {@linkcode parseDigest} returns it. */
export type Digest = `${Algorithm}:${string}`;

const HEX_LENGTH: Readonly<Record<Algorithm, number>> = { sha256: 64, sha512: 128 };

/** Reports whether a text is a digest of a supported algorithm. */
export function isDigest(text: string): text is Digest {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  return match !== null && HEX_LENGTH[match[1] as Algorithm] === match[2]?.length;
}

/**
 * Parses a digest from a manifest, a header or a reference. The result is safe as a file name.
 *
 * @throws {ArtifactError} `BAD_DIGEST`
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const known = /^sha(256|512):/.test(text);
  const shown = JSON.stringify(shorten(text));
  throw new ArtifactError(
    `Cannot use the digest ${shown}: ` +
      (known ? "invalid length or digits" : "unknown algorithm"),
    { code: "BAD_DIGEST", hint: "a digest is sha256: and 64 hexadecimal digits in lower case" },
  );
}

/** Splits a digest into algorithm and hash. */
export function splitDigest(digest: Digest): { algorithm: Algorithm; hex: string } {
  const colon = digest.indexOf(":");
  return { algorithm: digest.slice(0, colon) as Algorithm, hex: digest.slice(colon + 1) };
}

/** Returns the digest of bytes. */
export function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** Expected digest and size; a descriptor has both. */
export interface Expected {
  /** Digest of all bytes. */
  readonly digest: Digest;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * Streaming check of bytes against a digest and a size.
 *
 * The size is checked first, and with every update, which bounds endless responses. The bytes may be
 * used only after {@linkcode finish} has returned.
 */
export class Verifier {
  readonly #expected: Expected;
  readonly #hash: ReturnType<typeof createHash>;
  #seen = 0;

  /** Creates a check of the bytes that `expected` describes. */
  constructor(expected: Expected) {
    this.#expected = expected;
    this.#hash = createHash(splitDigest(expected.digest).algorithm);
  }

  /** Bytes checked so far. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Adds the next bytes.
   *
   * @throws {MismatchError} `SIZE_MISMATCH`, when there are more bytes than expected
   */
  update(bytes: Uint8Array): void {
    this.#seen += bytes.length;
    if (this.#seen > this.#expected.size) {
      throw this.#mismatch(
        "SIZE_MISMATCH",
        `more than the ${this.#expected.size} bytes of its descriptor`,
      );
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
      hint: "fetch it again; it was damaged or changed in transit or in storage",
    });
  }
}

/**
 * Checks complete bytes.
 *
 * @throws {MismatchError} `SIZE_MISMATCH` or `DIGEST_MISMATCH`
 */
export function verify(bytes: Uint8Array, expected: Expected): void {
  const verifier = new Verifier(expected);
  verifier.update(bytes);
  verifier.finish();
}
