import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { ed25519, ed25519ph } from "@noble/curves/ed25519.js";
import { isCanonicalSignature, pointObjection } from "./ed25519.ts";
import { PublicKey } from "./public_key.ts";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const message = new TextEncoder().encode("what is signed");

const littleEndian = (value: bigint) =>
  Uint8Array.fromHex(value.toString(16).padStart(64, "0")).toReversed();

const number = (bytes: Uint8Array) => BigInt(`0x${bytes.toReversed().toHex()}`);

const pem = (point: Uint8Array) => {
  const der = Uint8Array.fromHex(`302a300506032b6570032100${point.toHex()}`).toBase64();
  return `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
};

/** The eight points of small order, from a library: multiples of one of order 8. */
function torsion(): Uint8Array[] {
  const order8 = ed25519.Point.fromHex(
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  );
  const points = [ed25519.Point.ZERO];
  for (let point = order8; !point.is0(); point = point.add(order8)) points.push(point);
  return points.map((point) => point.toBytes());
}

Deno.test("PublicKey.parse() refuses Ed25519 keys of small order in any encoding", async () => {
  const points = torsion();
  assert.equal(new Set(points.map((point) => point.toHex())).size, 8);
  const odd: Uint8Array[] = [];
  for (const point of points) {
    const y = number(point) & (2n ** 255n - 1n);
    for (const sign of [0n, 1n]) {
      odd.push(littleEndian(y | sign << 255n));
      if (y + P < 2n ** 255n) odd.push(littleEndian(y + P | sign << 255n));
    }
  }
  for (const point of odd) {
    assert.notEqual(pointObjection(point), undefined, point.toHex());
    assert.throws(() => PublicKey.parse(pem(point), "odd.pub"), { code: "BAD_KEY" });
  }
  // The signature that the identity verifies for any message.
  const forged = Uint8Array.from([1, ...new Uint8Array(63)]);
  assert.ok(ed25519.verify(forged, message, points[0] ?? forged, { zip215: true }));
  const { publicKey } = generateKeyPairSync("ed25519");
  const key = PublicKey.parse(String(publicKey.export({ type: "spki", format: "pem" })), "a.pub");
  assert.equal(await key.verifies(message, forged), false);
});

Deno.test("PublicKey.parse() refuses Ed25519 keys that are not canonical or not on the curve", () => {
  let off = 0;
  for (let y = 0n; y < 40n; y++) {
    for (const sign of [0n, 1n]) {
      const point = littleEndian(y | sign << 255n);
      let isGood = true;
      try {
        isGood = !ed25519.Point.fromBytes(point, false).isSmallOrder();
      } catch {
        isGood = false;
        off++;
      }
      assert.equal(pointObjection(point) === undefined, isGood, `${y}`);
    }
    if (y < 19n) assert.notEqual(pointObjection(littleEndian(y + P)), undefined);
  }
  assert.ok(off > 10);
  for (const length of [0, 31, 33, 64]) {
    assert.notEqual(pointObjection(new Uint8Array(length).fill(9)), undefined);
  }
});

Deno.test("pointObjection() and isCanonicalSignature() accept keys and signatures of another implementation", () => {
  for (let round = 0; round < 50; round++) {
    const { secretKey, publicKey } = ed25519.keygen();
    assert.equal(pointObjection(publicKey), undefined);
    assert.ok(isCanonicalSignature(ed25519.sign(message, secretKey)));
    assert.ok(isCanonicalSignature(ed25519ph.sign(message, secretKey)));
  }
});

Deno.test("PublicKey.verifies() accepts one form of Ed25519 and Ed25519ph signatures", async () => {
  const { secretKey, publicKey } = ed25519.keygen();
  const key = PublicKey.parse(pem(publicKey), "a.pub");
  for (const scheme of [ed25519, ed25519ph]) {
    const good = scheme.sign(message, secretKey);
    assert.ok(await key.verifies(message, good));
    const [r, s] = [good.subarray(0, 32), good.subarray(32)];
    const odd = {
      "S + L": [...r, ...littleEndian(number(s) + L)],
      "S + 8L": [...r, ...littleEndian(number(s) + 8n * L)],
      "longer": [...good, 0],
      "shorter": [...good.subarray(0, 63)],
      "empty": [],
    };
    for (const [what, signature] of Object.entries(odd)) {
      assert.equal(await key.verifies(message, Uint8Array.from(signature)), false, what);
    }
  }
});

Deno.test("PublicKey.verifies() refuses an R of small order", async () => {
  // The signer uses the nonce 0: R is the identity, S the hash times the secret.
  const { secretKey, publicKey } = ed25519.keygen();
  const { scalar } = ed25519.utils.getExtendedPublicKey(secretKey);
  const r = ed25519.Point.ZERO.toBytes();
  const hash = new Uint8Array(
    await crypto.subtle.digest("SHA-512", Uint8Array.from([...r, ...publicKey, ...message])),
  );
  const s = littleEndian(number(hash) % L * scalar % L);
  const signature = Uint8Array.from([...r, ...s]);
  assert.ok(ed25519.verify(signature, message, publicKey, { zip215: true }));
  assert.equal(await PublicKey.parse(pem(publicKey), "a.pub").verifies(message, signature), false);
});

Deno.test("isCanonicalSignature() refuses R of small order in any encoding, and S from L on", () => {
  const { secretKey } = ed25519.keygen();
  const good = ed25519.sign(message, secretKey);
  const [r, s] = [good.subarray(0, 32), good.subarray(32)];
  const encodings = torsion().flatMap((point) => {
    const y = number(point) & (2n ** 255n - 1n);
    return [y, y + P].filter((one) => one < 2n ** 255n).flatMap((one) =>
      [0n, 1n].map((sign) => littleEndian(one | sign << 255n))
    );
  });
  // y of 0 and 1 have a second encoding each; four points share a y with another.
  assert.equal(new Set(encodings.map((one) => one.toHex())).size, 14);
  for (const encoding of encodings) {
    assert.equal(isCanonicalSignature(Uint8Array.from([...encoding, ...s])), false);
  }
  for (const value of [L, L + 1n, 2n * L, 2n ** 252n + 2n ** 200n, 2n ** 253n, 2n ** 256n - 1n]) {
    assert.equal(isCanonicalSignature(Uint8Array.from([...r, ...littleEndian(value)])), false);
  }
  for (const value of [0n, 1n, 2n ** 252n, L - 1n]) {
    assert.equal(isCanonicalSignature(Uint8Array.from([...r, ...littleEndian(value)])), true);
  }
});

Deno.test("PublicKey.verifies() accepts pure Ed25519 of the system", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const text = String(publicKey.export({ type: "spki", format: "pem" }));
  const signature = sign(null, message, privateKey);
  assert.ok(await PublicKey.parse(text, "a.pub").verifies(message, signature));
});
