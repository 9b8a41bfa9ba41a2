/** The WebAssembly types of the functions that the host provides, and whether a guest's agree. */
import { ModuleError } from "./errors.ts";
import type { GuestModule } from "./module.ts";
import { formatType, type FunctionImport, functionImports } from "./wasm/imports.ts";
import { WasmSyntaxError } from "./wasm/reader.ts";

/**
 * Types that a function may be declared with, by import name. Short: a letter a parameter, a colon,
 * a letter a result; `i` is i32, `I` is i64, and declarations are separated by a space.
 */
export type Signatures = Readonly<Record<string, string>>;

/** Module `wasm_bpf`; see "The guest ABI". */
export const BPF_SIGNATURES: Signatures = {
  "wasm_load_bpf_object": "ii:I",
  "wasm_close_bpf_object": "I:i",
  "wasm_attach_bpf_program": "Iii:i",
  "wasm_bpf_map_fd_by_name": "Ii:i",
  "wasm_bpf_buffer_poll": "Iiiiiii:i",
  // The C declaration, and that of the published Rust and Go SDKs.
  "wasm_bpf_map_operate": "iiiiiI:i iiIIII:i",
};

/** The wrapper module of guests that export their callback. */
export const WRAPPER_SIGNATURES: Signatures = { "wasm_bpf_buffer_poll": "Iiiiii:i" };

/** Module `wasi_snapshot_preview1`, in the order of the specification. */
export const WASI_SIGNATURES: Signatures = {
  "args_get": "ii:i",
  "args_sizes_get": "ii:i",
  "environ_get": "ii:i",
  "environ_sizes_get": "ii:i",
  "clock_res_get": "ii:i",
  "clock_time_get": "iIi:i",
  "fd_advise": "iIIi:i",
  "fd_allocate": "iII:i",
  "fd_close": "i:i",
  "fd_datasync": "i:i",
  "fd_fdstat_get": "ii:i",
  "fd_fdstat_set_flags": "ii:i",
  "fd_fdstat_set_rights": "iII:i",
  "fd_filestat_get": "ii:i",
  "fd_filestat_set_size": "iI:i",
  "fd_filestat_set_times": "iIIi:i",
  "fd_pread": "iiiIi:i",
  "fd_prestat_get": "ii:i",
  "fd_prestat_dir_name": "iii:i",
  "fd_pwrite": "iiiIi:i",
  "fd_read": "iiii:i",
  "fd_readdir": "iiiIi:i",
  "fd_renumber": "ii:i",
  "fd_seek": "iIii:i",
  "fd_sync": "i:i",
  "fd_tell": "ii:i",
  "fd_write": "iiii:i",
  "path_create_directory": "iii:i",
  "path_filestat_get": "iiiii:i",
  "path_filestat_set_times": "iiiiIIi:i",
  "path_link": "iiiiiii:i",
  "path_open": "iiiiiIIii:i",
  "path_readlink": "iiiiii:i",
  "path_remove_directory": "iii:i",
  "path_rename": "iiiiii:i",
  "path_symlink": "iiiii:i",
  "path_unlink_file": "iii:i",
  "poll_oneoff": "iiii:i",
  "proc_exit": "i:",
  "proc_raise": "i:i",
  "sched_yield": ":i",
  "random_get": "ii:i",
  "sock_accept": "iii:i",
  "sock_recv": "iiiiii:i",
  "sock_send": "iiiii:i",
  "sock_shutdown": "ii:i",
};

/** Module `wasi_unstable`: the same types. */
const { "sock_accept": _later, ...unstable } = WASI_SIGNATURES;
export const UNSTABLE_SIGNATURES: Signatures = unstable;

/** Module `wasm_bpf_ext`. */
export const EXTENSION_SIGNATURES: Signatures = {
  "buffer_read": "Iiiii:i",
  "is_interrupted": ":i",
  "interrupt_page": "i:i",
  "buffer_stats": "Iii:i",
  "user_ring_submit": "Iiiii:i",
  "link_attach": "Iii:i",
  "link_detach": "i:i",
  "iter_read": "iii:i",
  "object_open": "ii:I",
  "global_set": "Iiiii:i",
  "object_configure": "Iiii:i",
  "object_load": "I:i",
  "map_info": "ii:i",
  "possible_cpus": ":i",
  "map_batch": "iiiiiiiI:i",
  "map_lookup_and_delete": "iiiI:i",
  "program_set_target": "Iii:i",
  "program_token": "Ii:i",
  "kernel_supports": "ii:i",
  "last_error": "ii:i",
  "last_errno": ":i",
  "host_pid": ":i",
  "local_offset": "I:i",
  "records_open": "iiiii:i",
  "records_write": "iii:i",
  "records_flush": "i:i",
};

/**
 * Refuses a module that declares a function otherwise than the host has it: it would link, and then
 * fail in the middle.
 *
 * @param signatures by import module; what is not in it is not checked
 * @returns the module's imports, empty when their types cannot be parsed
 * @throws {ModuleError} `MODULE_IMPORT`
 */
export function checkSignatures(
  guest: GuestModule,
  signatures: Readonly<Record<string, Signatures>>,
): readonly FunctionImport[] {
  const imports = importsOf(guest);
  for (const { module, name, type } of imports) {
    const ours = Object.hasOwn(signatures, module) ? signatures[module] : undefined;
    if (ours === undefined || !Object.hasOwn(ours, name)) continue;
    const types = (ours[name] ?? "").split(" ").map(expand);
    if (types.includes(type)) continue;
    throw new ModuleError(
      `Cannot run ${guest.name}: it declares "${name}" of module "${module}" as ${type}, ` +
        `but it is ${types.join(" or ")}`,
      { code: "MODULE_IMPORT", hint: "compare the guest's declaration with the interface's" },
    );
  }
  return imports;
}

/** WebAssembly's way to write a short type. */
function expand(signature: string): string {
  const [parameters = "", results = ""] = signature.split(":");
  const names = (letters: string) => [...letters].map((letter) => letter === "I" ? "i64" : "i32");
  return formatType(names(parameters), names(results));
}

/**
 * Returns the imports; none for a module with types of a proposal, which V8 accepts and this reader
 * cannot parse.
 */
function importsOf(guest: GuestModule): readonly FunctionImport[] {
  try {
    return functionImports(guest.bytes);
  } catch (error) {
    if (error instanceof WasmSyntaxError) return [];
    throw error;
  }
}
