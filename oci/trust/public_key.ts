/** Public keys, and verification of signatures. */
import { constants, createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { isCanonicalSignature, pointObjection } from "./ed25519.ts";
import { TrustError } from "./errors.ts";

/** Kind of key that `cosign generate-key-pair` and `cosign import-key-pair` support. */
type Kind = "rsa" | "ed25519" | "p256" | "p384" | "p521";

/** One PEM block (RFC 7468), surrounded only by white space. */
const PUBLIC_PEM = /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]*-----END PUBLIC KEY-----\s*$/;

/** Maximum size of a key file; larger files are rejected. */
export const MAX_KEY_BYTES = 64 * 1024;

/** Minimum for verification of signatures by NIST SP 800-131A. */
const MIN_RSA_BITS = 2048;
/** Maximum: larger keys take seconds per signature, and a registry may hold many signatures. */
const MAX_RSA_BITS = 16_384;
const SHA256_BYTES = 32;

const CURVES: Readonly<Record<string, Kind>> = {
  prime256v1: "p256",
  secp384r1: "p384",
  secp521r1: "p521",
};

/** Hashes by curve: cosign uses SHA-256 up to version 2.4, and then the hash of the curve. */
const HASHES = { p256: ["sha256"], p384: ["sha256", "sha384"], p521: ["sha512"] } as const;

/** Public key to verify signatures with. */
export class PublicKey {
  /** SHA-256 of the key in DER, as base64: the key hint of Sigstore's bundles. */
  readonly fingerprint: string;
  /** Name in errors, such as its file. */
  readonly name: string;
  readonly #key: KeyObject;
  readonly #kind: Kind;

  private constructor(key: KeyObject, options: { name: string; kind: Kind }) {
    this.#key = key;
    this.#kind = options.kind;
    this.name = options.name;
    const der = key.export({ type: "spki", format: "der" });
    this.fingerprint = createHash("sha256").update(der).digest("base64");
  }

  /**
   * Parses a key in the format of `cosign.pub`: PEM, `PUBLIC KEY`; ECDSA on P-256, P-384 or P-521, RSA of 2048
   * bits or more, or Ed25519.
   *
   * @param name name in errors
   * @throws {TrustError} `BAD_KEY`
   */
  static parse(pem: string, name: string): PublicKey {
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
      throw badKey(name, "it is a private key", "use its public key, such as cosign.pub");
    }
    if (pem.length > MAX_KEY_BYTES || !PUBLIC_PEM.test(pem)) {
      throw badKey(name, "not one PEM block that starts with -----BEGIN PUBLIC KEY-----");
    }
    let key: KeyObject;
    try {
      key = createPublicKey(pem);
    } catch (cause) {
      throw badKey(name, "its PEM block is not a valid key", undefined, cause);
    }
    const kind = kindOf(key, name);
    checkEncoding(key, pem, name);
    return new PublicKey(key, { name, kind });
  }

  /** Reports whether `signature` over `bytes` is valid for this key. Never throws. */
  async verifies(bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const kind = this.#kind;
    if (kind === "rsa") return this.#verifiesRsa(bytes, signature);
    if (kind === "ed25519") return await this.#verifiesEd25519(bytes, signature);
    return HASHES[kind].some((hash) => this.#try(hash, bytes, signature));
  }

  /** Verifies PKCS #1 v1.5, as of cosign, and PSS with two salt lengths, as of other Sigstore clients. */
  #verifiesRsa(bytes: Uint8Array, signature: Uint8Array): boolean {
    if (this.#try("sha256", bytes, signature)) return true;
    const modulusBytes = (this.#key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return [SHA256_BYTES, modulusBytes - SHA256_BYTES - 2].some((saltLength) =>
      this.#try("sha256", bytes, signature, { padding, saltLength })
    );
  }

  /** Verifies pure Ed25519, and Ed25519ph, which `cosign sign` uses since version 2.4. */
  async #verifiesEd25519(bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!isCanonicalSignature(signature)) return false;
    if (this.#try(undefined, bytes, signature)) return true;
    const { ed25519ph } = await import("@noble/curves/ed25519.js");
    try {
      return ed25519ph.verify(signature, bytes, pointOf(this.#key), { zip215: false });
    } catch {
      // Wrong length.
      return false;
    }
  }

  #try(
    hash: "sha256" | "sha384" | "sha512" | undefined,
    bytes: Uint8Array,
    signature: Uint8Array,
    options: { padding?: number; saltLength?: number } = {},
  ): boolean {
    try {
      return verify(hash, bytes, { key: this.#key, ...options }, signature);
    } catch {
      // Not in the form of a signature.
      return false;
    }
  }
}

/** Returns the 32 bytes of an Ed25519 key. */
function pointOf(key: KeyObject): Uint8Array {
  const { x = "" } = key.export({ format: "jwk" });
  return Uint8Array.fromBase64(x, { alphabet: "base64url" });
}

/** Refuses trailing bytes, compressed points, and other encodings that not every parser accepts. */
function checkEncoding(key: KeyObject, pem: string, name: string): void {
  const body = pem.replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, "");
  const der = key.export({ type: "spki", format: "der" });
  if (body !== der.toString("base64")) throw badKey(name, "not in canonical DER");
}

function kindOf(key: KeyObject, name: string): Kind {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "ed25519") {
    const objection = pointObjection(pointOf(key));
    if (objection === undefined) return "ed25519";
    throw badKey(name, objection);
  }
  if (type === "rsa") {
    const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details;
    if (bits < MIN_RSA_BITS) {
      throw badKey(name, `it is an RSA key of ${bits} bits, less than ${MIN_RSA_BITS}`);
    }
    if (bits > MAX_RSA_BITS) {
      throw badKey(name, `it is an RSA key of ${bits} bits, more than ${MAX_RSA_BITS}`);
    }
    // With 1, a signature is the padded hash itself; an even exponent has no private key.
    if (BigInt(exponent) >= 3n && BigInt(exponent) % 2n === 1n) return "rsa";
    throw badKey(name, `its exponent ${exponent} is not an odd number of at least 3`);
  }
  const kind = type === "ec" ? CURVES[details.namedCurve ?? ""] : undefined;
  if (kind !== undefined) return kind;
  const what = type === "ec" ? `a key on the curve ${details.namedCurve}` : `of type ${type}`;
  throw badKey(
    name,
    `it is ${what}`,
    "use ECDSA on P-256, P-384 or P-521, RSA or Ed25519",
  );
}

/** Returns an error about a key. */
export function badKey(name: string, reason: string, hint?: string, cause?: unknown): TrustError {
  return new TrustError(`Cannot use the key ${name}: ${reason}`, {
    code: "BAD_KEY",
    hint: hint ?? "use a pair of cosign generate-key-pair: cosign.key signs, cosign.pub verifies",
    cause,
  });
}
