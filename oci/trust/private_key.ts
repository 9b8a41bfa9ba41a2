/** Private keys to sign with: cosign's own encrypted form, and PEM. */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, scryptSync, sign } from "node:crypto";
import { ArtifactError } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { TrustError } from "./errors.ts";
import { badKey, MAX_KEY_BYTES, PublicKey } from "./public_key.ts";

const PEM = /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*$/;

/** The label that cosign writes, and the one that it wrote before version 2. */
const COSIGN_LABELS = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
const PLAIN_LABELS = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/** Costs of scrypt that cosign uses, with r = 8 and p = 1: others would only serve to stall whoever tries. */
const SCRYPT_COSTS = [2 ** 15, 2 ** 16, 2 ** 17];
const KEY_BYTES = 32, SALT_BYTES = 32, NONCE_BYTES = 24;

/** A key that signs. */
export class PrivateKey {
  /** Its other half. */
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject, name: string) {
    this.#key = key;
    const pem = createPublicKey(key).export({ type: "spki", format: "pem" });
    this.publicKey = PublicKey.parse(String(pem), name);
    if (key.asymmetricKeyDetails?.namedCurve === "secp521r1") {
      throw badKey(name, "cosign verify would not accept what a key on P-521 signs");
    }
  }

  /** Whether a password is needed to read this file. */
  static isEncrypted(pem: string): boolean {
    const label = PEM.exec(pem)?.[1] ?? "";
    return COSIGN_LABELS.includes(label) || label === "ENCRYPTED PRIVATE KEY";
  }

  /**
   * Reads `cosign.key`, or PEM: PKCS #8, encrypted or not, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
   *
   * @param options.name how errors name it
   * @param options.password what it is encrypted with, where it is
   * @throws {TrustError} `BAD_KEY`, `BAD_PASSWORD`
   */
  static async parse(
    pem: string,
    options: { name: string; password?: string | undefined },
  ): Promise<PrivateKey> {
    const { name, password = "" } = options;
    const [, label = "", body = ""] = pem.length > MAX_KEY_BYTES ? [] : PEM.exec(pem) ?? [];
    if (COSIGN_LABELS.includes(label)) {
      const der = await decrypt(Buffer.from(body, "base64"), { name, password });
      return PrivateKey.#create({ key: der, format: "der", type: "pkcs8" }, name);
    }
    if (label === "ENCRYPTED PRIVATE KEY") {
      return PrivateKey.#create({ key: pem, passphrase: password }, name);
    }
    if (PLAIN_LABELS.includes(label)) return PrivateKey.#create({ key: pem }, name);
    throw badKey(
      name,
      label === "PUBLIC KEY"
        ? "it is a public key"
        : "it is not one block of PEM with a private key",
    );
  }

  static #create(given: Parameters<typeof createPrivateKey>[0], name: string): PrivateKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(given);
    } catch (cause) {
      const isEncrypted = typeof given === "object" && "passphrase" in given;
      if (isEncrypted) throw badPassword(name);
      throw badKey(name, "what its PEM holds is no key", undefined, cause);
    }
    return new PrivateKey(key, name);
  }

  /**
   * Signs as `cosign verify` expects it: ECDSA in DER and RSA in PKCS #1 v1.5, both of SHA-256, or pure
   * Ed25519.
   */
  sign(bytes: Uint8Array): Uint8Array {
    const hash = this.#key.asymmetricKeyType === "ed25519" ? undefined : "sha256";
    return sign(hash, bytes, this.#key);
  }
}

/** go-securesystemslib's `encrypted` form: a key by scrypt, the secret box of NaCl. */
async function decrypt(
  bytes: Uint8Array,
  options: { name: string; password: string },
): Promise<Buffer> {
  const { name, password } = options;
  const { salt, cost, nonce, ciphertext } = readEncrypted(bytes, name);
  const key = scryptSync(password, salt, KEY_BYTES, {
    ...{ N: cost, r: 8, p: 1 },
    // 128 · N · r, and some for itself.
    maxmem: 2 * 128 * cost * 8,
  });
  const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
  try {
    return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(ciphertext));
  } catch {
    throw badPassword(name);
  }
}

interface Encrypted {
  salt: Uint8Array;
  cost: number;
  nonce: Uint8Array;
  ciphertext: Uint8Array;
}

function readEncrypted(bytes: Uint8Array, name: string): Encrypted {
  let json: JsonObject;
  try {
    json = readJson(bytes, { what: `the key ${name}`, code: "BAD_KEY" });
    const kdf = json.requiredObject("kdf");
    const cipher = json.requiredObject("cipher");
    const params = kdf.requiredObject("params");
    const cost = params.requiredCount("N");
    const isKnown = kdf.string("name") === "scrypt" && cipher.string("name") === "nacl/secretbox" &&
      SCRYPT_COSTS.includes(cost) && params.count("r") === 8 && params.count("p") === 1;
    if (!isKnown) throw badKey(name, "it is encrypted in a way that cosign does not use");
    return {
      cost,
      salt: base64(kdf, "salt", SALT_BYTES),
      nonce: base64(cipher, "nonce", NONCE_BYTES),
      ciphertext: base64(json, "ciphertext"),
    };
  } catch (cause) {
    if (!(cause instanceof ArtifactError)) throw cause;
    throw badKey(
      name,
      "what its PEM holds is not cosign's form of a private key",
      undefined,
      cause,
    );
  }
}

function base64(json: JsonObject, member: string, length?: number): Uint8Array {
  const bytes = Buffer.from(json.requiredString(member), "base64");
  if (length !== undefined && bytes.length !== length) {
    throw json.error(member, `has not ${length} bytes`);
  }
  return bytes;
}

function badPassword(name: string): TrustError {
  return new TrustError(`Cannot use the key ${name}: the password is wrong, or the file damaged`, {
    code: "BAD_PASSWORD",
    hint: "COSIGN_PASSWORD holds the password, or is unset where it is to be asked for",
  });
}
