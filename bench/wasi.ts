/**
 * Benchmark: cost of file operations.
 *
 * A write of 16 bytes to /dev/null, opening and closing a file, and its attributes, per call, and a
 * file of 1 GiB, in the page cache, read in pieces of 64 KiB; compared with the same program
 * compiled natively. Exit code 1 when a bound is missed.
 */
import { compareRuns, type Side } from "./measured.ts";
import { type Measure, measureAll, report } from "./report.ts";

const FILE_BYTES = 1024 ** 3;
const PIECE_BYTES = 1024 ** 2;

/** Runs the guest or its twin, its standard output to /dev/null; what it prints on standard error. */
async function run(side: Side, folder: string, args: string[]): Promise<string> {
  const path = side === "native" ? `${folder}/file` : "/bench/file";
  const [program, ...words] = side === "native"
    ? [".cache/bench/files"]
    : ["dist/wasm-bpf", "--dir", `${folder}::/bench::ro`, "dist/bench/files.wasm"];
  const { success, stderr } = await new Deno.Command(program ?? "", {
    args: [...words, ...args.map((word) => word === "FILE" ? path : word)],
    stdin: "null",
    stdout: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${side} ${args.join(" ")}: ${text}`);
  return text;
}

async function writeFile(path: string): Promise<void> {
  using file = await Deno.create(path);
  const piece = crypto.getRandomValues(new Uint8Array(65536));
  const pieces = new Uint8Array(PIECE_BYTES);
  for (let at = 0; at < PIECE_BYTES; at += piece.length) pieces.set(piece, at);
  for (let i = 0; i < FILE_BYTES / PIECE_BYTES; i++) await file.write(pieces);
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    await writeFile(`${folder}/file`);
    const call = (what: string, words: string[], ratio: number): Measure => async () => [{
      what,
      unit: "ns",
      ...await compareRuns((side) => run(side, folder, words), 9),
      atMost: { ratio },
    }];
    const read: Measure = async () => {
      const figures = await compareRuns((side) => run(side, folder, ["read", "4", "FILE"]), 5);
      return [{
        ...figures,
        what: "1 GiB read in pieces of 64 KiB",
        unit: "ms",
        native: figures.native / 1e6,
        wasmBpf: figures.wasmBpf / 1e6,
        atMost: { ratio: 1 / 0.8 },
      }];
    };
    return report(
      await measureAll([
        call("fd_write of 16 bytes to /dev/null", ["write", "6"], 2),
        // A native program behind the same walls (openat2(2), Landlock, the filter of system calls, and
        // the kind of the file, which decides on rights) takes 1.55 times as long as one without.
        call("open and close of a file", ["open", "6", "FILE"], 2.5),
        call("attributes of a file", ["stat", "6", "FILE"], 2),
        read,
      ]),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
