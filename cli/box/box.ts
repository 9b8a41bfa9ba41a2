/**
 * The tool box that the binary carries, one file of `build/steps/tools.ts`: the size of the index in
 * 4 bytes (little-endian), the index as JSON, then the tools, each compressed (raw deflate).
 */
import { inflateRawSync } from "node:zlib";
import { readAsset } from "../../ffi/assets.ts";

/** Name of the file below `dist/lib/`. */
const FILE = "tools.bin";

/** Tool of the box. */
export interface BoxTool {
  readonly name: string;
  /** Part of the system that it shows, such as "files". */
  readonly subject: string;
  /** One line, a verb first. */
  readonly summary: string;
}

/** Place of a compressed file, and its sizes in bytes. */
interface Place {
  /** From the end of the index. */
  readonly offset: number;
  readonly size: number;
  /** Size when decompressed. */
  readonly bytes: number;
}

/** Option of a guest in the box. */
export interface BoxOption {
  /** Empty for an option that has a long name alone. */
  readonly letter: string;
  /** Long name, without dashes. */
  readonly name?: string;
  readonly takesValue: boolean;
}

interface Indexed extends BoxTool {
  /** Options of a guest, except `--help`; absent for a plain object. */
  readonly options?: readonly BoxOption[];
  /** Files by `Deno.build.arch`. */
  readonly files: Readonly<Record<string, Place>>;
}

/** Names of tools: no file in another directory and no reference looks like one. */
const NAME = /^[a-z][a-z0-9-]*$/;

let opened: { index: readonly Indexed[]; content: Uint8Array<ArrayBuffer> } | undefined;

function open(): NonNullable<typeof opened> {
  if (opened !== undefined) return opened;
  const box = readAsset(FILE);
  const end = 4 + new DataView(box.buffer, box.byteOffset).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(box.subarray(4, end))) as Indexed[];
  return opened = { index, content: box.subarray(end) };
}

/** Returns the tools, in the order of their subjects and names. */
export function boxTools(): readonly BoxTool[] {
  const order = (a: string, b: string) => a < b ? -1 : Number(a > b);
  return [...open().index].sort((a, b) => order(a.subject, b.subject) || order(a.name, b.name));
}

/**
 * Returns a tool's module or eBPF object for this machine. Undefined if the box has no tool of that
 * name; a word that cannot be a tool's name does not read the box.
 */
export function boxFile(name: string): Uint8Array<ArrayBuffer> | undefined {
  if (!NAME.test(name)) return undefined;
  const { index, content } = open();
  const place = index.find((tool) => tool.name === name)?.files[Deno.build.arch];
  if (place === undefined) return undefined;
  const { offset, size, bytes } = place;
  const file = inflateRawSync(content.subarray(offset, offset + size), { maxOutputLength: bytes });
  // A view of a pool of buffers would share its memory with other data.
  return Uint8Array.from(file);
}

/** Returns the options of a guest in the box; undefined for plain objects and other names. */
export function boxOptions(name: string): readonly BoxOption[] | undefined {
  return NAME.test(name) ? open().index.find((tool) => tool.name === name)?.options : undefined;
}

/** Reports whether the box has a tool of that name. */
export function isBoxTool(name: string): boolean {
  return NAME.test(name) && open().index.some((tool) => tool.name === name);
}
