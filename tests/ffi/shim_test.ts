import assert from "node:assert/strict";
import { ABI_VERSION, loadShim } from "../../ffi/library.ts";
import { FILE_SYMBOLS } from "../../ffi/file_symbols.ts";
import { TRACING_SYMBOLS } from "../../ffi/tracing_symbols.ts";
import { SYMBOLS } from "../../ffi/symbols.ts";
import { ShimError } from "../../ffi/errors.ts";
import { fromFileUrl } from "../support/paths.ts";

/** Compiles a shared object whose functions all return `version`, without those in `leaveOut`. */
async function fakeShim(version: number, leaveOut?: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    const names = Object.keys(SYMBOLS).filter((name) => name !== leaveOut);
    const source = names.map((name) => `int ${name}(void) { return ${version}; }\n`).join("");
    await Deno.writeTextFile(`${folder}/fake.c`, source);
    const { success } = await new Deno.Command("clang", {
      args: ["-shared", "-fPIC", "-o", `${folder}/fake.so`, `${folder}/fake.c`],
    }).output();
    assert.ok(success);
    return await Deno.readFile(`${folder}/fake.so`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function codeOf(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    loadShim(bytes);
  } catch (error) {
    assert.ok(error instanceof ShimError);
    assert.ok(error.hint !== undefined);
    return error.code;
  }
  return "loaded";
}

// The libraries stay loaded: as in the program, nothing ever closes them.
const sanitizers = { sanitizeResources: false };

Deno.test("loadShim() refuses a library of another ABI version", sanitizers, async () => {
  assert.equal(codeOf(await fakeShim(99)), "SHIM_ABI");
});

Deno.test("a function that the library lacks is named when it is called", sanitizers, async () => {
  const symbols = loadShim(await fakeShim(ABI_VERSION, "shim_link__free"));
  assert.throws(
    () => symbols.shim_link__free(null),
    (error) =>
      error instanceof ShimError && error.code === "SHIM_SYMBOL" &&
      error.message.includes("shim_link__free"),
  );
});

Deno.test("loadShim() refuses a file that is not a library", sanitizers, () => {
  assert.equal(codeOf(new TextEncoder().encode("not a library")), "SHIM_LOAD");
});

Deno.test("loadShim() leaks no descriptor when it fails", sanitizers, () => {
  const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = count();
  for (let i = 0; i < 5; i++) codeOf(new Uint8Array([1, 2, 3]));
  assert.equal(count(), before);
});

async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout);
}

const SHIM = fromFileUrl("../../dist/lib/libbpf-shim.so");

Deno.test("the shim needs only libc, and none newer than 2.34", async () => {
  const dynamic = await output("objdump", "-p", SHIM);
  const needed = [...dynamic.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]);
  assert.deepEqual(needed.filter((name) => !/^ld-linux/.test(name ?? "")), ["libc.so.6"]);
  const versions = [...dynamic.matchAll(/GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
  assert.ok(versions.length > 0);
  assert.ok(Math.max(...versions) <= 34);
});

Deno.test("the shim exports its own functions and nothing else", async () => {
  const table = await output("objdump", "-T", SHIM);
  const exported = [...table.matchAll(/ g +D?F? +\.text\s.* (\S+)$/gm)].map((match) => match[1]);
  const symbols = { ...SYMBOLS, ...FILE_SYMBOLS, ...TRACING_SYMBOLS };
  assert.deepEqual(exported.toSorted(), Object.keys(symbols).toSorted());
});
