/** Features of the host for a guest, in two sizes: most guests need few of them. */
import type { Interrupt } from "../ffi/mod.ts";
import { type BpfContext, extensionImports } from "./wasm_bpf/mod.ts";
import type { Control } from "./control.ts";
import type { hostImports } from "./host_functions.ts";
import type { GuestModule } from "./module.ts";
import type { InternalOptions } from "./run_options.ts";
import type { openGrants } from "./wasi/everything.ts";
import { PLAIN_FAMILIES, PLAIN_FUNCTIONS, WASI_MODULE, type WasiFamily } from "./wasi/mod.ts";

/**
 * Parts of the runtime that a run can do without. V8 reads 60 kB of JavaScript in a millisecond, so the
 * command starts with {@linkcode PLAIN} and loads `EVERYTHING` for the guests that ask for more.
 */
export interface Features {
  /** The call families of WASI. */
  readonly wasiFamilies: readonly WasiFamily[];
  /** Module `wasm_bpf_ext`. */
  readonly extension?: (
    context: BpfContext,
    isImported: (name: string) => boolean,
  ) => WebAssembly.ModuleImports;
  /** Limits, signals, and what else stops a guest. */
  readonly control?: (
    guest: GuestModule,
    options: InternalOptions,
    interrupt: Interrupt,
  ) => Control;
  /** Folders, files and sockets. */
  readonly openGrants?: typeof openGrants;
  /** Module `wasi_unstable`. */
  readonly isUnstableToo?: boolean;
  /** Functions of the embedder. */
  readonly hostImports?: typeof hostImports;
}

/** Features that a guest needs to trace and print. */
export const PLAIN: Features = { wasiFamilies: PLAIN_FAMILIES, extension: extensionImports };

/** Import modules that {@linkcode PLAIN} has as a whole. */
const PLAIN_MODULES: readonly string[] = ["wasm_bpf", "wasm_bpf_ext"];

/** Reports whether {@linkcode PLAIN} has everything that a guest imports. */
export function isPlain({ module }: GuestModule, wrapperModule: string): boolean {
  return WebAssembly.Module.imports(module).every((wanted) =>
    PLAIN_MODULES.includes(wanted.module) || wanted.module === wrapperModule ||
    wanted.module === WASI_MODULE && PLAIN_FUNCTIONS.includes(wanted.name)
  );
}
