import assert from "node:assert/strict";
import { joined, makeTar, paxHeader, pieces, type TarItem } from "../../tests/support/tar.ts";
import { readTar } from "./tar.ts";

const BODY = new TextEncoder().encode("what is in the file");

/** Every entry with the text of its body. */
async function list(archive: Uint8Array, size?: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { path, kind, size: length, body } of readTar(pieces(archive, size), "it")) {
    const text = new TextDecoder().decode(joined(await Array.fromAsync(body)));
    found.push(text === "" ? [path, kind, length] : [path, kind, length, text]);
  }
  return found;
}

function refuses(title: string, code: string, ...archives: (TarItem[] | Uint8Array)[]): void {
  Deno.test(`readTar() refuses ${title}`, async () => {
    for (const archive of archives) {
      const bytes = archive instanceof Uint8Array ? archive : makeTar(archive);
      await assert.rejects(list(bytes), { code });
    }
  });
}

Deno.test("readTar() reads files, folders, links and devices in pieces of any size", async () => {
  const archive = makeTar([
    { path: "./", type: "5" },
    { path: "./app/", type: "5" },
    { path: "./app/tool.wasm", body: BODY },
    { path: "/absolute", body: new Uint8Array(512).fill(0x41) },
    { path: "empty" },
    { path: "link", type: "2" },
    { path: "hard", type: "1", size: 12 },
    { path: "null", type: "3" },
    { path: "old", type: "\0", body: BODY },
    { path: "old folder/", type: "\0" },
  ]);
  for (const size of [1, 7, 511, 512, 513, 100_000]) {
    assert.deepEqual(await list(archive, size), [
      ["", "folder", 0],
      ["app", "folder", 0],
      ["app/tool.wasm", "file", 19, "what is in the file"],
      ["absolute", "file", 512, "A".repeat(512)],
      ["empty", "file", 0],
      ["link", "link", 0],
      ["hard", "link", 0],
      ["null", "other", 0],
      ["old", "file", 19, "what is in the file"],
      ["old folder", "folder", 0],
    ]);
  }
});

Deno.test("readTar() skips bodies that are not read", async () => {
  const archive = makeTar([{ path: "a", body: new Uint8Array(5000) }, { path: "b", body: BODY }]);
  const paths: string[] = [];
  for await (const { path } of readTar(pieces(archive), "it")) paths.push(path);
  assert.deepEqual(paths, ["a", "b"]);
});

Deno.test("readTar() reads long names and large sizes of each format", async () => {
  const long = `${"folder/".repeat(30)}tool.wasm`;
  const encoded = new TextEncoder().encode(`${long}\0`);
  const variants: TarItem[][] = [
    [{ path: "././@LongLink", type: "L", body: encoded }, { path: "cut", body: BODY }],
    [paxHeader({ path: long, mtime: "1.5" }), { path: "cut", body: BODY }],
    [paxHeader({ path: long, size: "19" }), { path: "cut", body: BODY, binarySize: true }],
    [{ path: long.slice(-79), prefix: long.slice(0, -80), body: BODY }],
    [paxHeader({ comment: "from git" }, "g"), { path: long.slice(-99), body: BODY }],
  ];
  for (const items of variants.slice(0, 4)) {
    assert.deepEqual(await list(makeTar(items)), [[long, "file", 19, "what is in the file"]]);
  }
  assert.equal((await list(makeTar(variants[4] ?? []))).length, 1);
});

Deno.test("readTar() takes no prefix from GNU's own format", async () => {
  const item = { path: "a", prefix: "12345", magic: "ustar  \0", body: BODY };
  assert.deepEqual(await list(makeTar([item])), [["a", "file", 19, "what is in the file"]]);
});

Deno.test("readTar() ends at the block of zeros, or at the end of the stream", async () => {
  const one = makeTar([{ path: "a", body: BODY }]);
  assert.equal((await list(joined([one, one]))).length, 1);
  assert.equal((await list(one.subarray(0, 1024))).length, 1);
  assert.deepEqual(await list(new Uint8Array(0)), []);
});

const whole = makeTar([{ path: "a", body: BODY }]);
refuses("what ends in the middle", "CUT_SHORT", whole.subarray(0, 300), whole.subarray(0, 520));
refuses("bytes that are not an archive", "BAD_LAYER", new Uint8Array(512).fill(0x61), [
  { path: "a", isDamaged: true },
]);
refuses(
  "paths that lead out",
  "BAD_LAYER",
  [{ path: "../etc/passwd" }],
  [{ path: "a/../../b" }],
  [paxHeader({ path: "../x" }), { path: "a" }],
  [{ path: "L", type: "L", body: new TextEncoder().encode("a/..") }, { path: "a" }],
  [paxHeader({ path: "x/".repeat(3000) }), { path: "a" }],
);
refuses(
  "sparse files and unknown types",
  "BAD_LAYER",
  [{ path: "a", type: "S", size: 1000 }],
  [{ path: "a", type: "Z" }],
  [paxHeader({ "GNU.sparse.major": "1" }), { path: "a" }],
);
refuses(
  "extended headers that are invalid, too large or for all files",
  "BAD_LAYER",
  [{ path: "x", type: "x", size: 2 ** 30 }],
  [{ path: "x", type: "x", body: new TextEncoder().encode("99 path=a\n") }],
  [{ path: "x", type: "x", body: new TextEncoder().encode("path=a\n") }],
  [{ path: "x", type: "x", body: new TextEncoder().encode("0 path=a\n") }],
  [paxHeader({ size: "-1" }), { path: "a" }],
  [paxHeader({ size: "1e3" }), { path: "a" }],
  [paxHeader({ path: "all" }, "g"), { path: "a" }],
);
refuses("a body that is not there", "CUT_SHORT", [{ path: "a", size: 2 ** 33, binarySize: true }]);
