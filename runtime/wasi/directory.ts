/** `fd_readdir`. */
import { DirectoryReader } from "../../ffi/mod.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";
import { fromResult, wasiErrno } from "./errno.ts";
import { FileType } from "./filestat.ts";
import { Right } from "./rights.ts";

/**
 * Names are passed as raw bytes. A name that is not UTF-8 cannot be passed back as a path, which
 * fails with EILSEQ: better than a directory that looks empty or cannot be listed because of one
 * name.
 */
export function directoryFunctions({ memory, fds }: WasiContext): WasiFunctions {
  return {
    /**
     * Reads entries of a directory.
     *
     * `buf`: dirents of 24 bytes with their names, written; the last one may be cut. `size`: room.
     * `cookie`: 0, or `d_next` of the entry before. `out`: u32 written, bytes; less than `size` at
     * the end.
     *
     * EBADF: `fd` is not open. ENOTDIR: not a directory. ENOTCAPABLE: `fd` lacks the right
     * `fd_readdir`. EFAULT: a range is outside of the memory.
     */
    "fd_readdir": (fd: number, buf: number, size: number, cookie: bigint, out: number) => {
      const entry = fds.get(fd);
      if (entry === undefined) return wasiErrno("EBADF");
      if (entry.type !== FileType.Directory) return wasiErrno("ENOTDIR");
      if ((entry.rights & Right.FdReaddir) === 0) return wasiErrno("ENOTCAPABLE");
      memory.bytes(out, 4);
      if (entry.reader === undefined) {
        const reader = DirectoryReader.open(entry.hostFd);
        if (typeof reader === "number") return fromResult(reader);
        entry.reader = reader;
      }
      const to = { offset: buf >>> 0, sizeBytes: size >>> 0 };
      const used = entry.reader.read(memory.linear, to, BigInt.asUintN(64, cookie));
      if (used < 0) return fromResult(used);
      memory.setU32(out, used);
      return 0;
    },
  };
}
