/** Archives and indexes that are meant to confuse their readers. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { HostError } from "../../ffi/errors.ts";
import { decompressed } from "../../oci/formats/decompress.ts";
import { readTar } from "../../oci/formats/tar.ts";
import { parseIndex } from "../../oci/store/layout.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";
import { joined, makeTar, paxHeader, pieces } from "../support/tar.ts";

const INPUTS = soakSize({ short: 2_000, whole: 100_000 });
const LIMIT = 4 * 2 ** 20;

/** Cuts, changes, repeats and exchanges parts. */
function mutated(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = Uint8Array.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + random.below(64));
    const middle = random.pick<Uint8Array>([
      new Uint8Array(0),
      result.subarray(at, end).map((byte) => byte ^ 1 << random.below(8)),
      joined([result.subarray(at, end), result.subarray(at, end)]),
      new TextEncoder().encode(random.pick(["\0", "9", "-1", "99999999999", "../", "=", '"', "}"])),
    ]);
    result = joined([result.subarray(0, at), middle, result.subarray(end)]);
  }
  return result;
}

/** Fixes the checksum of each header, so that the fields after it are checked, too. */
function withChecksums(archive: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512);
    if (new TextDecoder().decode(block.subarray(257, 262)) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0")), 148);
  }
  return archive;
}

const ARCHIVE = makeTar([
  { path: "folder/", type: "5" },
  paxHeader({ path: "a/long/path/tool.wasm", mtime: "1.5" }),
  { path: "cut", body: new Uint8Array(700).fill(7) },
  { path: "././@LongLink", type: "L", body: new TextEncoder().encode("another/long/path\0") },
  { path: "cut", body: new Uint8Array(3), binarySize: true },
  { path: "link", type: "2" },
]);

/** Reads it to its end, whatever it is: an error that is meant for people, or entries within limits. */
async function readAll(bytes: Uint8Array): Promise<"read" | string> {
  let total = 0;
  try {
    const stream = decompressed(pieces(bytes, 300), { what: "it", limit: LIMIT });
    for await (const { path, size, body } of readTar(stream, "it")) {
      assert.ok(Number.isSafeInteger(size) && size >= 0);
      assert.ok(!path.split("/").includes("..") && !path.startsWith("/"));
      for await (const part of body) total += part.length;
      assert.ok(total <= LIMIT);
    }
    return "read";
  } catch (error) {
    assert.ok(error instanceof HostError, String(error));
    return error.code;
  }
}

Deno.test(`${INPUTS} archives are read, or refused with a reason`, async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  const outcomes = new Set<string>();
  for (let count = 0; count < INPUTS; count++) {
    const archive = mutated(ARCHIVE, random);
    const fixed = random.below(4) === 0 ? archive : withChecksums(archive);
    try {
      outcomes.add(await readAll(fixed));
      if (count % 8 !== 0) continue;
      outcomes.add(await readAll(mutated(gzipSync(ARCHIVE), random)));
      outcomes.add(await readAll(mutated(zstdCompressSync(ARCHIVE), random)));
    } catch (cause) {
      throw new Error(`input ${count} of SEED=${seed}`, { cause });
    }
  }
  for (const outcome of ["read", "BAD_LAYER", "CUT_SHORT"]) assert.ok(outcomes.has(outcome));
});

Deno.test(`${INPUTS} indexes are read, or refused with a reason`, () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  const entry = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${"a".repeat(64)}`,
    size: 500,
    annotations: { "org.opencontainers.image.ref.name": "ghcr.io/you/tool:v1" },
  };
  const good = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  const outcomes = new Set<string>();
  for (let count = 0; count < INPUTS; count++) {
    const text = new TextDecoder().decode(mutated(good, random));
    try {
      for (const { digest, size } of parseIndex("it", text).manifests) {
        assert.match(digest, /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
        assert.ok(Number.isSafeInteger(size) && size >= 0);
      }
      outcomes.add("read");
    } catch (error) {
      assert.ok(error instanceof HostError, `input ${count} of SEED=${seed}: ${error}`);
      outcomes.add(error.code);
    }
  }
  assert.deepEqual([...outcomes].sort(), ["CORRUPT_STORE", "read"]);
});
