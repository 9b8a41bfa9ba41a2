/**
 * WASI preview 1 (`wasi_snapshot_preview1`), one file a call family.
 *
 * What a guest needs to start, print, sleep, read clocks, get random bytes, arguments and environment,
 * and exit. Every other function of the specification is there and answers ENOSYS.
 */
import { GuestFault } from "../guest_memory.ts";
import { argsFunctions } from "./args.ts";
import { clockFunctions } from "./clock.ts";
import type { WasiContext, WasiFunction, WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import { fdFunctions } from "./fd.ts";
import { FdTable, type Sinks } from "./fd_table.ts";
import { pollFunctions } from "./poll.ts";
import { processFunctions } from "./process.ts";
import { randomFunctions } from "./random.ts";

/** The import module. */
export const WASI_MODULE = "wasi_snapshot_preview1";

/** The functions of the specification, in its order. */
export const WASI_FUNCTIONS = [
  "args_get",
  "args_sizes_get",
  "environ_get",
  "environ_sizes_get",
  "clock_res_get",
  "clock_time_get",
  "fd_advise",
  "fd_allocate",
  "fd_close",
  "fd_datasync",
  "fd_fdstat_get",
  "fd_fdstat_set_flags",
  "fd_fdstat_set_rights",
  "fd_filestat_get",
  "fd_filestat_set_size",
  "fd_filestat_set_times",
  "fd_pread",
  "fd_prestat_get",
  "fd_prestat_dir_name",
  "fd_pwrite",
  "fd_read",
  "fd_readdir",
  "fd_renumber",
  "fd_seek",
  "fd_sync",
  "fd_tell",
  "fd_write",
  "path_create_directory",
  "path_filestat_get",
  "path_filestat_set_times",
  "path_link",
  "path_open",
  "path_readlink",
  "path_remove_directory",
  "path_rename",
  "path_symlink",
  "path_unlink_file",
  "poll_oneoff",
  "proc_exit",
  "proc_raise",
  "sched_yield",
  "random_get",
  "sock_accept",
  "sock_recv",
  "sock_send",
  "sock_shutdown",
] as const;

/** Answers EFAULT for an address outside the guest's memory. */
function guarded(call: WasiFunction): WasiFunction {
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof GuestFault) return wasiErrno("EFAULT");
      throw error;
    }
  };
}

/** Gives a guest one call family. */
export type WasiFamily = (context: WasiContext) => WasiFunctions;

/** What a program needs that only prints, sleeps and ends: see `Features`. */
export const PLAIN_FAMILIES: readonly WasiFamily[] = [
  argsFunctions,
  clockFunctions,
  fdFunctions,
  pollFunctions,
  processFunctions,
  randomFunctions,
];

/** Names of their functions. */
export const PLAIN_FUNCTIONS: readonly string[] = [
  "args_get",
  "args_sizes_get",
  "environ_get",
  "environ_sizes_get",
  "clock_res_get",
  "clock_time_get",
  "fd_close",
  "fd_fdstat_get",
  "fd_prestat_get",
  "fd_prestat_dir_name",
  "fd_seek",
  "fd_write",
  "poll_oneoff",
  "proc_exit",
  "random_get",
];

/** All call families. */
export const ALL_FAMILIES: readonly WasiFamily[] = [...PLAIN_FAMILIES];

/** The functions of module `wasi_snapshot_preview1`, by import name. */
export function wasiImports(
  { sinks, ...options }: Omit<WasiContext, "fds"> & { sinks?: Sinks },
  families: readonly WasiFamily[],
): WebAssembly.ModuleImports {
  const context: WasiContext = { ...options, fds: new FdTable(sinks) };
  const present = Object.assign({}, ...families.map((family) => family(context))) as WasiFunctions;
  const imports: WebAssembly.ModuleImports = {};
  for (const name of WASI_FUNCTIONS) {
    const call = present[name];
    imports[name] = call === undefined ? () => wasiErrno("ENOSYS") : guarded(call);
  }
  return imports;
}
