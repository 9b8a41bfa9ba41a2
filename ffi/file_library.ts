/** The shim's functions for a guest's files, directories and sockets. */
import { FILE_SYMBOLS, type FileSymbols } from "./file_symbols.ts";
import { extendShim } from "./library.ts";

/** Functions that a guest calls often when it copies files, or walks through directories. */
const HOT = [
  ...["shim_file__read", "shim_file__pread", "shim_file__pwrite"],
  ...["shim_path__open", "shim_path__stat", "shim_file__stat", "shim_file__close"],
];

let loaded: FileSymbols | undefined;

/** Returns the file functions; the first call loads them. */
export function fileShim(): FileSymbols {
  loaded ??= extendShim(FILE_SYMBOLS, HOT).functions as unknown as FileSymbols;
  return loaded;
}

/** Loads all file functions now, before the caller closes the shim's file. */
export function prepareFiles(): void {
  const { functions, settle } = extendShim(FILE_SYMBOLS, HOT);
  settle();
  loaded = functions as unknown as FileSymbols;
}

/** Returns the bytes of words, for a `uint64_t *` parameter. */
export function asBytes(words: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
