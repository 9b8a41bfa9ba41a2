/**
 * WASI preview 1 (`wasi_snapshot_preview1`), one file a call family; and `wasi_unstable`, the snapshot
 * before it.
 */
import { argsFunctions, environFunctions } from "./args.ts";
import { clockFunctions } from "./clock.ts";
import { guarded, type WasiContext, type WasiFunctions } from "./context.ts";
import { wasiErrno } from "./errno.ts";
import { fdFunctions } from "./fd.ts";
import { pollFunctions } from "./poll.ts";
import { processFunctions } from "./process.ts";
import { randomFunctions } from "./random.ts";

export { type WasiContext } from "./context.ts";
export { Descriptor, DISCARD, FdTable, type Sink, type Source, type Streams } from "./fd_table.ts";

/** The import module. */
export const WASI_MODULE = "wasi_snapshot_preview1";
/** That of snapshot 0. */
export const UNSTABLE_MODULE = "wasi_unstable";

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

/** Functions that handle bad addresses themselves, because they are called often. */
const UNGUARDED: ReadonlySet<string> = new Set([
  "clock_time_get",
  "fd_close",
  "fd_fdstat_get",
  "fd_pread",
  "fd_pwrite",
  "fd_read",
  "fd_write",
  "path_open",
]);

/** Gives a guest one call family. */
export type WasiFamily = (context: WasiContext) => WasiFunctions;

/** Families for a program that only prints, sleeps and exits: see `Features`. */
export const PLAIN_FAMILIES: readonly WasiFamily[] = [
  argsFunctions,
  environFunctions,
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
  "fd_tell",
  "fd_write",
  "poll_oneoff",
  "proc_exit",
  "proc_raise",
  "random_get",
  "sched_yield",
];

/** The functions of module `wasi_snapshot_preview1`, or of `wasi_unstable`, by import name. */
export function wasiImports(
  context: WasiContext,
  families: readonly WasiFamily[],
): WebAssembly.ModuleImports {
  const present = Object.assign({}, ...families.map((family) => family(context))) as WasiFunctions;
  const imports: WebAssembly.ModuleImports = {};
  for (const name of WASI_FUNCTIONS) {
    const call = present[name];
    // Snapshot 0 had no way to accept.
    if (context.isUnstable && name === "sock_accept") continue;
    imports[name] = call === undefined
      ? () => wasiErrno("ENOSYS")
      : UNGUARDED.has(name)
      ? call
      : guarded(call);
  }
  return imports;
}
