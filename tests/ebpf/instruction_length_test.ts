/** Instruction lengths, compared with a disassembler's over the code of large libraries. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

const LIBRARIES = ["libc.so.6", "libm.so.6", "libcrypto.so.3", "libstdc++.so.6"];
const AT_LEAST = 200_000;

/** Library directories of the tests' machine that belong to compilers and assemblers. */
const FOLDERS = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];

interface Instruction {
  bytes: number[];
  text: string;
}

/** Returns the functions of a file, as the disassembler prints them. */
async function disassemble(path: string): Promise<Instruction[][]> {
  const functions: Instruction[][] = [];
  for (const line of (await succeed("llvm-objdump", "-d", path)).split("\n")) {
    if (/^[\da-f]+ <.*>:$/.test(line)) functions.push([]);
    const match = /^\s*[\da-f]+:((?: [\da-f]{2})+)\s*(.*)$/.exec(line);
    if (match === null) continue;
    const bytes = (match[1] ?? "").trim().split(" ").map((byte) => parseInt(byte, 16));
    functions.at(-1)?.push({ bytes, text: match[2] ?? "" });
  }
  return functions;
}

/** Builds the program that prints lengths, and runs it over the functions. */
async function lengthsOf(functions: Instruction[][]): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/lengths`;
    const sources = ["../programs/instruction_lengths.c", "../../libbpf-shim/instruction_length.c"];
    const paths = sources.map(fromFileUrl);
    await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, ...paths);
    const child = new Deno.Command(program, { stdin: "piped", stdout: "piped" }).spawn();
    const output = child.output();
    const writer = child.stdin.getWriter();
    for (const instructions of functions) {
      const code = instructions.flatMap(({ bytes }) => bytes);
      const size = new Uint8Array(new Uint32Array([code.length]).buffer);
      await writer.write(Uint8Array.from([...size, ...code]));
    }
    await writer.close();
    const { success, stdout } = await output;
    assert.ok(success);
    return stdout;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Prefixes that the disassembler prints as separate instructions. */
const PREFIX = /^(data16|rex\S*|rep\w*|lock|[c-gs]s|addr32)\s*$/;

/** Returns lengths of one function's instructions from `at` on, to its end or to a 0. */
function ownLengths(lengths: Uint8Array, at: number, instructions: Instruction[]): Uint8Array {
  let rest = instructions.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let end = at;
  while (rest > 0) {
    const length = lengths[end++];
    assert.ok(length !== undefined);
    rest = length === 0 ? 0 : rest - length;
  }
  return lengths.subarray(at, end);
}

Deno.test("instruction lengths match a disassembler's over large libraries", async () => {
  const present = LIBRARIES.flatMap((name) =>
    FOLDERS.map((folder) => `${folder}/${name}`).filter((path) => exists(path)).slice(0, 1)
  );
  const functions = (await Promise.all(present.map(disassemble))).flat();
  const lengths = await lengthsOf(functions);
  let [at, equal, unknown] = [0, 0, 0];
  for (const instructions of functions) {
    const own = ownLengths(lengths, at, instructions);
    at += own.length;
    for (const [i, length] of own.entries()) {
      const { bytes = [], text = "" } = instructions[i] ?? {};
      // Data within code, which the two decode differently from here on.
      if (PREFIX.test(text) || text === "<unknown>") break;
      if (length === 0) unknown += 1;
      else equal += 1;
      const words = `${text}: ${bytes.map((byte) => byte.toString(16)).join(" ")}`;
      if (length !== 0) assert.equal(length, bytes.length, words);
    }
  }
  assert.equal(at, lengths.length);
  assert.ok(equal >= AT_LEAST, `${equal}`);
  assert.ok(unknown < equal / 10_000, `${unknown} of ${equal}`);
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
