import assert from "node:assert/strict";
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
const privatePem = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));

Deno.test("PublicKey.parse() names a key as Sigstore's bundles do", () => {
  const bundle = JSON.parse(read("p256-bundle.bundle.json"));
  assert.equal(cosignKey("p256").fingerprint, bundle.verificationMaterial.publicKey.hint);
});

Deno.test("PublicKey.parse() refuses what is no public key that cosign has", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pair = generateKeyPairSync("x25519");
  const good = read("p256.pub");
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
    "endless": good.replace("\n", "\n".repeat(100_000)),
  };
  for (const [what, pem] of Object.entries(cases)) {
    assert.throws(() => PublicKey.parse(pem, "test.pub"), { code: "BAD_KEY" }, what);
  }
});

Deno.test("PublicKey.verifies() takes RSA-PSS with a short and with a long salt", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = PublicKey.parse(publicPem(publicKey), "test.pub");
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const saltLength of [32, 222]) {
    const signature = sign("sha256", bytes, { key: privateKey, padding, saltLength });
    assert.ok(await key.verifies(bytes, signature), `${saltLength}`);
    assert.ok(!await key.verifies(bytes.subarray(1), signature), `${saltLength}`);
  }
});

Deno.test("PublicKey.verifies() refuses other hashes than the field's", async () => {
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

Deno.test("PrivateKey.parse() says when the password is wrong", async () => {
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

Deno.test("PrivateKey.isEncrypted() knows both labels of cosign, and PKCS #8", () => {
  const key = read("p256.key");
  const pkcs8 = key.replaceAll(" SIGSTORE", "");
  for (const pem of [key, key.replaceAll("SIGSTORE", "COSIGN"), pkcs8]) {
    assert.ok(PrivateKey.isEncrypted(pem));
  }
  assert.ok(!PrivateKey.isEncrypted(read("p256.pub")));
});

Deno.test("PrivateKey.parse() refuses what is no private key", async () => {
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
    "a cost that is none": params({ N: 0, r: 8, p: 1 }),
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
