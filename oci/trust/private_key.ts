/** Private keys: cosign's encrypted format, and PEM. */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, scryptSync, sign } from "node:crypto";
import { ArtifactError } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { TrustError } from "./errors.ts";
import { badKey, MAX_KEY_BYTES, PublicKey } from "./public_key.ts";

const PEM = /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*$/;

/** PEM labels of cosign, and of cosign before version 2. */
const COSIGN_LABELS = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
const PLAIN_LABELS = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/** Costs of scrypt in cosign, with r = 8 and p = 1; other costs could stall the process. */
const SCRYPT_COSTS = [2 ** 15, 2 ** 16, 2 ** 17];
const KEY_BYTES = 32, SALT_BYTES = 32, NONCE_BYTES = 24;

/** Private key. */
export class PrivateKey {
  /** Public key of the pair. */
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  private constructor(key: KeyObject, name: string) {
    this.#key = key;
    const pem = createPublicKey(key).export({ type: "spki", format: "pem" });
    this.publicKey = PublicKey.parse(String(pem), name);
    if (key.asymmetricKeyDetails?.namedCurve === "secp521r1") {
      throw badKey(name, "cosign verify does not accept signatures of P-521 keys");
    }
  }

  /** Reports whether the file needs a password. */
  static isEncrypted(pem: string): boolean {
    const label = PEM.exec(pem)?.[1] ?? "";
    return COSIGN_LABELS.includes(label) || label === "ENCRYPTED PRIVATE KEY";
  }

  /**
   * Parses `cosign.key`, or PEM: PKCS #8, encrypted or not, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
   *
   * @param options.name name in errors
   * @param options.password password of an encrypted key
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
      label === "PUBLIC KEY" ? "it is a public key" : "not one PEM block with a private key",
    );
  }

  static #create(given: Parameters<typeof createPrivateKey>[0], name: string): PrivateKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(given);
    } catch (cause) {
      const isEncrypted = typeof given === "object" && "passphrase" in given;
      if (isEncrypted) throw badPassword(name);
      throw badKey(name, "its PEM block is not a valid key", undefined, cause);
    }
    return new PrivateKey(key, name);
  }

  /**
   * Signs bytes for `cosign verify`: ECDSA in DER and RSA in PKCS #1 v1.5, both with SHA-256, or pure
   * Ed25519.
   */
  sign(bytes: Uint8Array): Uint8Array {
    const hash = this.#key.asymmetricKeyType === "ed25519" ? undefined : "sha256";
    return sign(hash, bytes, this.#key);
  }
}

/** Decrypts go-securesystemslib's `encrypted` format: scrypt and NaCl's secret box. */
async function decrypt(
  bytes: Uint8Array,
  options: { name: string; password: string },
): Promise<Buffer> {
  const { name, password } = options;
  const { salt, cost, nonce, ciphertext } = readEncrypted(bytes, name);
  const key = scryptSync(password, salt, KEY_BYTES, {
    ...{ N: cost, r: 8, p: 1 },
    // 128 · N · r, with a margin.
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
    if (!isKnown) throw badKey(name, "unknown encryption, which cosign does not use");
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
      "its PEM block is not a private key of cosign",
      undefined,
      cause,
    );
  }
}

function base64(json: JsonObject, member: string, length?: number): Uint8Array {
  const bytes = Buffer.from(json.requiredString(member), "base64");
  if (length !== undefined && bytes.length !== length) {
    throw json.error(member, `is not ${length} bytes long`);
  }
  return bytes;
}

function badPassword(name: string): TrustError {
  return new TrustError(`Cannot use the key ${name}: wrong password or damaged file`, {
    code: "BAD_PASSWORD",
    hint: "set COSIGN_PASSWORD, or unset it for a prompt",
  });
}
