import assert from "node:assert/strict";
import { digestOf, isDigest, parseDigest, splitDigest, Verifier, verify } from "./digest.ts";

const bytes = new TextEncoder().encode("wasm-bpf");
const digest = digestOf(bytes);

Deno.test("digestOf() equals sha256sum and sha512sum", () => {
  assert.equal(
    digestOf(new Uint8Array()),
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assert.match(digestOf(new Uint8Array(), "sha512"), /^sha512:cf83e1357eefb8bd[0-9a-f]{112}$/);
});

Deno.test("parseDigest() accepts both registered algorithms", () => {
  for (const text of [digest, digestOf(bytes, "sha512")]) assert.equal(parseDigest(text), text);
  assert.deepEqual(splitDigest(digest), { algorithm: "sha256", hex: digest.slice(7) });
});

Deno.test("parseDigest() refuses everything else, including paths", () => {
  const hex = "a".repeat(64);
  const bad = [
    "",
    "sha256",
    "sha256:",
    `sha256:${hex}0`,
    `sha256:${hex.slice(1)}`,
    `SHA256:${hex}`,
  ];
  const worse = [
    `sha256:${"A".repeat(64)}`,
    `sha1:${hex}`,
    `sha256:../${hex.slice(3)}`,
    ` ${digest}`,
  ];
  for (const text of [...bad, ...worse, `${digest}\n`, `sha512:${hex}`, `__proto__:${hex}`]) {
    assert.equal(isDigest(text), false, JSON.stringify(text));
    assert.throws(() => parseDigest(text), { code: "BAD_DIGEST" });
  }
});

Deno.test("Verifier accepts chunks of any size", () => {
  for (const step of [1, 3, 8]) {
    const verifier = new Verifier({ digest, size: bytes.length });
    for (let at = 0; at < bytes.length; at += step) verifier.update(bytes.subarray(at, at + step));
    verifier.finish();
    assert.equal(verifier.seen, bytes.length);
  }
});

Deno.test("Verifier refuses the first surplus byte", () => {
  const verifier = new Verifier({ digest, size: bytes.length });
  verifier.update(bytes);
  assert.throws(() => verifier.update(bytes.subarray(0, 1)), { code: "SIZE_MISMATCH" });
});

Deno.test("Verifier reports missing bytes before their digest", () => {
  const verifier = new Verifier({ digest, size: bytes.length });
  verifier.update(bytes.subarray(1));
  assert.throws(() => verifier.finish(), { code: "SIZE_MISMATCH" });
});

Deno.test("verify() refuses a changed bit", () => {
  const other = bytes.slice();
  other[3] = (other[3] ?? 0) ^ 1;
  assert.throws(() => verify(other, { digest, size: bytes.length }), { code: "DIGEST_MISMATCH" });
  verify(bytes, { digest, size: bytes.length });
});
