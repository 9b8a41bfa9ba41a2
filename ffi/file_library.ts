/** The shim's functions behind a guest's files, folders and sockets. */
import { FILE_SYMBOLS, type FileSymbols } from "./file_symbols.ts";
import { extendShim } from "./library.ts";

/** Functions that a guest which copies files calls all the time. */
const HOT = ["shim_file__read", "shim_file__pread", "shim_file__pwrite"];

let loaded: FileSymbols | undefined;

/** They; loaded by the first call. */
export function fileShim(): FileSymbols {
  loaded ??= extendShim(FILE_SYMBOLS, HOT).functions as unknown as FileSymbols;
  return loaded;
}

/** Loads everything of it now: for who closes the shim's file next. */
export function prepareFiles(): void {
  const { functions, settle } = extendShim(FILE_SYMBOLS, HOT);
  settle();
  loaded = functions as unknown as FileSymbols;
}

/** What a `uint64_t *` parameter takes. */
export function asBytes(words: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
