/** Puts code of ours ahead of the runtime's: see `entry/entry.c`. */
import { pageAfter } from "./carried.ts";
import { elfEnd } from "./denort.ts";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { NATIVE, type Target } from "../lib/target.ts";

export const ENTRY_SOURCE = "build/entry/entry.c";

/** In the code, in place of the distance to the runtime's entry point. */
const DISTANCE = 0x5754463845545259n;
/** The largest page of a processor that this runs on. */
const PAGE = 0x10000;

/** Fields of ELF64's headers, by their offsets. */
const Elf = { entry: 0x18, headers: 0x20, headerSize: 0x36, headerCount: 0x38 } as const;
const Program = {
  flags: 4,
  offset: 8,
  address: 16,
  physical: 24,
  fileSize: 32,
  memorySize: 40,
  align: 48,
} as const;
const PT_LOAD = 1;
const PT_NOTE = 4;
const READ_EXECUTE = 5;

/**
 * Adds the code to a program made by `deno compile`, in place, and files after it.
 *
 * @throws {BuildError} if the files would not be at `at`
 */
export async function addEntry(
  path: string,
  code: Uint8Array,
  carried: { bytes: Uint8Array; at: number } | undefined,
): Promise<void> {
  const program = await Deno.readFile(path);
  if (carried !== undefined && carriedAt(program, code) !== carried.at) {
    throw new BuildError("Cannot add files to the program: its runtime is another one");
  }
  await Deno.writeFile(path, withEntry(program, code, carried?.bytes));
}

/** Returns the place for files in a program with the code. */
export function carriedAt(program: Uint8Array, code: Uint8Array): number {
  return pageAfter(pageAfter(elfEnd(program)) + code.length);
}

/** Compiles the code; returns it as bytes without any headers. */
export async function buildEntry(target: Target = NATIVE): Promise<Uint8Array<ArrayBuffer>> {
  const output = await Deno.makeTempFile({ dir: ".cache" });
  try {
    await compileEntry(output, target);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(output).catch(() => {});
  }
}

async function compileEntry(output: string, { compiler }: Target): Promise<void> {
  const [clang = "", ...options] = compiler;
  await run(clang, [
    ...options,
    ...["-Os", "-ffreestanding", "-fno-stack-protector", "-fno-jump-tables", "-fPIE"],
    ...["-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror"],
    ...["-nostdlib", "-static", "-fuse-ld=lld", "-Wl,--oformat=binary", "-Wl,-Ttext=0"],
    ...["-Wl,-e,_start", "-o", output, ENTRY_SOURCE],
  ]);
}

/**
 * Returns a program that starts with `code`. The code lies between the ELF file and what `deno compile`
 * appended, which is found from the end; a note that nothing reads gives its header to it. Files that
 * the program carries follow the code.
 *
 * @throws {BuildError} for a file that is not as expected
 */
export function withEntry(
  program: Uint8Array,
  code: Uint8Array,
  carried: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const end = elfEnd(program);
  const at = pageAfter(end);
  const rest = carried.length === 0 ? at + code.length : carriedAt(program, code) + carried.length;
  const result = new Uint8Array(program.length - end + rest);
  result.set(program.subarray(0, end));
  result.set(code, at);
  result.set(carried, rest - carried.length);
  result.set(program.subarray(end), rest);
  const view = new DataView(result.buffer);
  const address = patchHeaders(view, at, code.length);
  const distance = findDistance(view, at, code.length);
  const former = view.getBigUint64(Elf.entry, true);
  view.setBigInt64(distance, former - BigInt(address), true);
  view.setBigUint64(Elf.entry, BigInt(address), true);
  return result;
}

/** Makes the note a segment with the code; returns its address. */
function patchHeaders(view: DataView, offset: number, size: number): number {
  const start = Number(view.getBigUint64(Elf.headers, true));
  const count = view.getUint16(Elf.headerCount, true);
  const step = view.getUint16(Elf.headerSize, true);
  let note: number | undefined;
  let top = 0;
  for (let i = 0; i < count; i++) {
    const header = start + i * step;
    const type = view.getUint32(header, true);
    if (type === PT_NOTE) note = header;
    if (type !== PT_LOAD) continue;
    // Segments are in the order of their addresses, and this one is the highest.
    if (note !== undefined) throw new BuildError("Cannot add an entry: a segment follows the note");
    const field = (name: number) => Number(view.getBigUint64(header + name, true));
    top = Math.max(top, field(Program.address) + field(Program.memorySize));
  }
  if (note === undefined) throw new BuildError("Cannot add an entry: the program has no note");
  const address = Math.ceil(top / PAGE) * PAGE + offset % PAGE;
  view.setUint32(note, PT_LOAD, true);
  view.setUint32(note + Program.flags, READ_EXECUTE, true);
  const set = (name: number, value: number) => view.setBigUint64(note + name, BigInt(value), true);
  set(Program.offset, offset);
  set(Program.address, address);
  set(Program.physical, address);
  set(Program.fileSize, size);
  set(Program.memorySize, size);
  set(Program.align, PAGE);
  return address;
}

function findDistance(view: DataView, at: number, size: number): number {
  for (let offset = at; offset + 8 <= at + size; offset += 8) {
    if (view.getBigUint64(offset, true) === DISTANCE) return offset;
  }
  throw new BuildError("Cannot add an entry: its code has no distance to fill in");
}
