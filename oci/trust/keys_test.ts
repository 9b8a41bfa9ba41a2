import assert from "node:assert/strict";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  cosignFile,
  cosignKey,
  cosignPrivateKey,
  PASSWORD,
} from "../../tests/support/cosign_data.ts";
import { PrivateKey } from "./private_key.ts";
import { PublicKey } from "./public_key.ts";

const bytes = new TextEncoder().encode("what is signed");

const read = (name: string) => Deno.readTextFileSync(cosignFile(name));
const publicPem = (key: KeyObject) => String(key.export({ type: "spki", format: "pem" }));
const block = (der: Iterable<number>) =>
  `-----BEGIN PUBLIC KEY-----\n${Uint8Array.from(der).toBase64()}\n-----END PUBLIC KEY-----\n`;

/** Encodes one value in DER. */
function value(tag: number, ...content: number[]): number[] {
  const { length } = content;
  if (length < 128) return [tag, length, ...content];
  if (length < 256) return [tag, 0x81, length, ...content];
  return [tag, 0x82, length >> 8, length & 255, ...content];
}

function integer(of: bigint): number[] {
  const hex = of.toString(16);
  const bytes = Uint8Array.fromHex(hex.padStart(hex.length + hex.length % 2, "0"));
  return value(2, ...((bytes[0] ?? 0) & 0x80 ? [0, ...bytes] : bytes));
}

function rsaKey(modulus: bigint, exponent: bigint): number[] {
  const algorithm = Uint8Array.fromHex("300d06092a864886f70d0101010500");
  const key = value(0x30, ...integer(modulus), ...integer(exponent));
  return value(0x30, ...algorithm, ...value(3, 0, ...key));
}

/** Returns a P-256 key with only x and the parity of y. */
function compressed(der: Uint8Array): number[] {
  const algorithm = Uint8Array.fromHex("301306072a8648ce3d020106082a8648ce3d030107");
  const point = [2 + ((der.at(-1) ?? 0) & 1), ...der.slice(-64, -32)];
  return value(0x30, ...algorithm, ...value(3, 0, ...point));
}

const privatePem = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));

Deno.test("PublicKey.fingerprint equals the key hint of Sigstore's bundles", () => {
  const bundle = JSON.parse(read("p256-bundle.bundle.json"));
  assert.equal(cosignKey("p256").fingerprint, bundle.verificationMaterial.publicKey.hint);
});

Deno.test("PublicKey.parse() refuses keys that cosign does not support", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pair = generateKeyPairSync("x25519");
  const good = read("p256.pub");
  const der = Uint8Array.fromBase64(good.replace(/-----[A-Z ]+-----/g, ""));
  const long = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  const { n = "" } = long.export({ format: "jwk" });
  const modulus = BigInt(`0x${Uint8Array.fromBase64(n, { alphabet: "base64url" }).toHex()}`);
  const cases: Record<string, string> = {
    "private": read("p256.key"),
    "private, plain": privatePem(rsa.privateKey),
    "short RSA": publicPem(rsa.publicKey),
    "for key exchange": publicPem(pair.publicKey),
    "nothing": "",
    "no PEM": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    "two blocks": good + good,
    "text before": `key:\n${good}`,
    "no key inside": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "cut": good.replace(/.{8}==\n/, "\n"),
    "a certificate": good.replaceAll("PUBLIC KEY", "CERTIFICATE"),
    "bytes after the key": block([...der, 0]),
    "two keys in one block": block([...der, ...der]),
    "a compressed point": block(compressed(der)),
    "a point that is not on the curve": block([...der.slice(0, -1), (der.at(-1) ?? 0) ^ 1]),
    "the point at infinity": block(
      Uint8Array.fromHex("3019301306072a8648ce3d020106082a8648ce3d03010703020000"),
    ),
    "RSA, exponent 0": block(rsaKey(modulus, 0n)),
    "RSA, exponent 1": block(rsaKey(modulus, 1n)),
    "RSA, exponent 2": block(rsaKey(modulus, 2n)),
    "RSA, an exponent as long as the modulus": block(rsaKey(modulus, modulus - 2n)),
    "RSA, even modulus": block(rsaKey(modulus - 1n, 65537n)),
    "RSA, modulus 15": block(rsaKey(15n, 3n)),
    "RSA, 20,001 bits": block(rsaKey((1n << 20_000n) + 1n, 65537n)),
    "endless": good.replace("\n", "\n".repeat(100_000)),
  };
  for (const [what, pem] of Object.entries(cases)) {
    assert.throws(() => PublicKey.parse(pem, "test.pub"), { code: "BAD_KEY" }, what);
  }
});

Deno.test("PublicKey.verifies() accepts RSA-PSS with a short and a long salt", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = PublicKey.parse(publicPem(publicKey), "test.pub");
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const saltLength of [32, 222]) {
    const signature = sign("sha256", bytes, { key: privateKey, padding, saltLength });
    assert.ok(await key.verifies(bytes, signature), `${saltLength}`);
    assert.ok(!await key.verifies(bytes.subarray(1), signature), `${saltLength}`);
  }
});

Deno.test("PublicKey.verifies() refuses other hashes than that of the curve", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = PublicKey.parse(publicPem(publicKey), "test.pub");
  assert.ok(!await key.verifies(bytes, sign("sha1", bytes, privateKey)));
});

for (const name of ["p256", "p384", "rsa", "ed25519"]) {
  Deno.test(`PrivateKey reads cosign's ${name}.key and signs what its public half verifies`, async () => {
    const key = await cosignPrivateKey(name);
    assert.equal(key.publicKey.fingerprint, cosignKey(name).fingerprint);
    const signature = key.sign(bytes);
    assert.ok(await cosignKey(name).verifies(bytes, signature));
    signature[10] = (signature[10] ?? 0) ^ 1;
    assert.ok(!await cosignKey(name).verifies(bytes, signature));
    assert.ok(!await cosignKey(name).verifies(bytes, signature.subarray(1)));
  });
}

Deno.test("PrivateKey.parse() reports a wrong password", async () => {
  const old = read("p256.key").replaceAll("SIGSTORE", "COSIGN");
  assert.ok(await PrivateKey.parse(old, { name: "old.key", password: PASSWORD }));
  for (const password of ["wrong", undefined]) {
    const refused = PrivateKey.parse(old, { name: "cosign.key", password });
    await assert.rejects(refused, { name: "TrustError", code: "BAD_PASSWORD" });
  }
});

Deno.test("PrivateKey.parse() reads PEM of every kind", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sec1 = String(privateKey.export({ type: "sec1", format: "pem" }));
  for (const pem of [privatePem(privateKey), sec1]) {
    assert.ok(!PrivateKey.isEncrypted(pem));
    const key = await PrivateKey.parse(pem, { name: "test.key" });
    assert.ok(await key.publicKey.verifies(bytes, key.sign(bytes)));
  }
});

Deno.test("PrivateKey.isEncrypted() recognizes both labels of cosign, and PKCS #8", () => {
  const key = read("p256.key");
  const pkcs8 = key.replaceAll(" SIGSTORE", "");
  for (const pem of [key, key.replaceAll("SIGSTORE", "COSIGN"), pkcs8]) {
    assert.ok(PrivateKey.isEncrypted(pem));
  }
  assert.ok(!PrivateKey.isEncrypted(read("p256.pub")));
});

Deno.test("PrivateKey.parse() refuses invalid private keys", async () => {
  const pem = (json: unknown) =>
    `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${
      btoa(typeof json === "string" ? json : JSON.stringify(json))
    }\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
  const good = JSON.parse(atob(read("p256.key").split("\n").slice(1, -2).join("")));
  const params = (params: unknown) => pem({ ...good, kdf: { ...good.kdf, params } });
  const p521 = generateKeyPairSync("ec", { namedCurve: "P-521" });
  const cases = {
    "public": read("p256.pub"),
    "nothing": "",
    "P-521": privatePem(p521.privateKey),
    "not JSON": pem("no"),
    "a list": pem([]),
    "a cost that stalls": params({ N: 2 ** 24, r: 8, p: 1 }),
    "a cost of 0": params({ N: 0, r: 8, p: 1 }),
    "blocks that stall": params({ N: 2 ** 15, r: 2 ** 20, p: 1 }),
    "another function": pem({ ...good, kdf: { ...good.kdf, name: "pbkdf2" } }),
    "another cipher": pem({ ...good, cipher: { ...good.cipher, name: "aes" } }),
    "a short nonce": pem({ ...good, cipher: { ...good.cipher, nonce: "AAAA" } }),
    "a short salt": pem({ ...good, kdf: { ...good.kdf, salt: "" } }),
    "no key in PEM": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  };
  for (const [what, text] of Object.entries(cases)) {
    const refused = PrivateKey.parse(text, { name: "test.key", password: PASSWORD });
    await assert.rejects(refused, { name: "TrustError", code: "BAD_KEY" }, what);
  }
});

Deno.test("PublicKey.verifies() accepts one form of an ECDSA signature", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = PublicKey.parse(publicPem(publicKey), "test.pub");
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const good = sign("sha256", bytes, privateKey);
  const [, , , rBytes = 0] = good;
  const number = (part: Uint8Array) => BigInt(`0x${part.toHex()}`);
  const [r, s] = [number(good.subarray(4, 4 + rBytes)), number(good.subarray(6 + rBytes))];
  const form = (one: bigint, other: bigint) => value(0x30, ...integer(one), ...integer(other));
  assert.ok(await key.verifies(bytes, Uint8Array.from(form(r, s))));
  const long = [2, rBytes + 1, 0, ...good.subarray(4, 4 + rBytes)];
  const odd = {
    "0, 0": form(0n, 0n),
    "r = 0": form(0n, s),
    "s = 0": form(r, 0n),
    "n, n": form(n, n),
    "r + n": form(r + n, s),
    "s + n": form(r, s + n),
    "a zero before r": value(0x30, ...long, ...integer(s)),
    "a byte after it": [...good, 0],
    "plain": [...Uint8Array.fromHex([r, s].map((v) => v.toString(16).padStart(64, "0")).join(""))],
  };
  for (const [what, signature] of Object.entries(odd)) {
    assert.equal(await key.verifies(bytes, Uint8Array.from(signature)), false, what);
  }
});

const CURVE_ORDERS: Readonly<Record<string, bigint>> = {
  "P-256": p256.Point.Fn.ORDER,
  "P-384": p384.Point.Fn.ORDER,
  "P-521": p521.Point.Fn.ORDER,
};

/** Returns the content of an element in DER with a length of one or two bytes, and what follows it. */
function element(der: Uint8Array): { content: Uint8Array; rest: Uint8Array } {
  const isLong = der[1] === 0x81;
  const [start, length = 0] = isLong ? [3, der[2]] : [2, der[1]];
  return { content: der.subarray(start, start + length), rest: der.subarray(start + length) };
}

for (const [namedCurve, n] of Object.entries(CURVE_ORDERS)) {
  Deno.test(`PublicKey.verifies() accepts DER alone, and numbers below the order: ${namedCurve}`, async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    const key = PublicKey.parse(publicPem(publicKey), "test.pub");
    const hash = namedCurve === "P-521" ? "sha512" : "sha256";
    const both = element(sign(hash, bytes, privateKey)).content;
    const first = element(both);
    const number = (part: Uint8Array) => BigInt(`0x${part.toHex()}`);
    const [r, s] = [number(first.content), number(element(first.rest).content)];
    const good = [...integer(r), ...integer(s)];
    assert.ok(await key.verifies(bytes, Uint8Array.from(value(0x30, ...good))));
    // Every verifier accepts -s; what is signed is the same, and signatures are not counted.
    const negated = value(0x30, ...integer(r), ...integer(n - s));
    assert.ok(await key.verifies(bytes, Uint8Array.from(negated)));
    const bits = BigInt(n.toString(2).length);
    const negative = (one: bigint) =>
      value(
        2,
        ...Uint8Array.fromHex(
          ((1n << (bits + 15n) / 8n * 8n) - one).toString(16),
        ),
      );
    const longForm = (tag: number, content: readonly number[]) => [
      ...[tag, 0x82, content.length >> 8, content.length & 0xff],
      ...content,
    ];
    const width = Math.ceil(Number(bits) / 8) * 2;
    const plain = [r, s].map((one) => one.toString(16).padStart(width, "0")).join("");
    const odd: Record<string, readonly number[]> = {
      "r = 0": value(0x30, ...integer(0n), ...integer(s)),
      "s = 0": value(0x30, ...integer(r), ...integer(0n)),
      "r = n": value(0x30, ...integer(n), ...integer(s)),
      "s = n": value(0x30, ...integer(r), ...integer(n)),
      "s + n": value(0x30, ...integer(r), ...integer(s + n)),
      "2n - s": value(0x30, ...integer(r), ...integer(2n * n - s)),
      "-r": value(0x30, ...negative(r), ...integer(s)),
      "-s": value(0x30, ...integer(r), ...negative(s)),
      "length in more bytes than it takes": longForm(0x30, good),
      "length of r in more bytes": value(0x30, ...longForm(2, [...first.content]), ...integer(s)),
      "indefinite length": [0x30, 0x80, ...good, 0, 0],
      "a byte inside": value(0x30, ...good, 0),
      "a third number": value(0x30, ...good, ...integer(1n)),
      "r alone": value(0x30, ...integer(r)),
      "r without bytes": value(0x30, 2, 0, ...integer(s)),
      "a set": value(0x31, ...good),
      "IEEE P1363": [...Uint8Array.fromHex(plain)],
      "nothing": [],
    };
    for (const [what, signature] of Object.entries(odd)) {
      assert.equal(await key.verifies(bytes, Uint8Array.from(signature)), false, what);
    }
  });
}

Deno.test("PublicKey.verifies() refuses RSA signatures that are not below the modulus", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = PublicKey.parse(publicPem(publicKey), "test.pub");
  const good = sign("sha256", bytes, privateKey);
  const { n = "" } = publicKey.export({ format: "jwk" });
  const modulus = BigInt(`0x${Uint8Array.fromBase64(n, { alphabet: "base64url" }).toHex()}`);
  const number = BigInt(`0x${good.toString("hex")}`);
  assert.ok(await key.verifies(bytes, good));
  const odd = {
    "0": new Uint8Array(256),
    "1": Uint8Array.from({ length: 256 }, (_, i) => i === 255 ? 1 : 0),
    "s + n": Uint8Array.fromHex((number + modulus).toString(16).padStart(514, "0")),
    "n - s": Uint8Array.fromHex((modulus - number).toString(16).padStart(512, "0")),
    "a zero before it": Uint8Array.from([0, ...good]),
    "nothing": new Uint8Array(0),
  };
  for (const [what, signature] of Object.entries(odd)) {
    assert.equal(await key.verifies(bytes, signature), false, what);
  }
});
