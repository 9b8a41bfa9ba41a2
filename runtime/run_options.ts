/** Options of a guest's run. */
import { type Permissions, Policy } from "../ebpf/mod.ts";
import type { HostError } from "../ffi/errors.ts";
import type { Interrupt } from "../ffi/mod.ts";
import type { GuestMemory } from "./guest_memory.ts";
import type { GuestRecords } from "./records.ts";
import type { Sandbox } from "./sandbox.ts";
import type { GuestStats } from "./stats.ts";

/** A file of the host. */
export interface FileStream {
  /** Its path. What is written to begins empty. */
  file: string;
}

/**
 * Where a guest's output goes: to the process's own, nowhere, to a file, or to a function that gets the
 * bytes, which are its own to keep. A function that throws ends the guest, as a host function does.
 */
export type Output = "inherit" | "null" | FileStream | ((bytes: Uint8Array<ArrayBuffer>) => void);

/**
 * Where a guest's input comes from: from the process's own, nowhere, a file, bytes, or a function that is
 * asked for at most that many and gives none at the end.
 */
export type Input =
  | "inherit"
  | "null"
  | FileStream
  | Uint8Array
  | ((maxBytes: number) => Uint8Array);

/** A guest's standard streams. */
export interface Stdio {
  /** Default: the process's own. */
  stdin?: Input;
  /** Default: the process's own. */
  stdout?: Output;
  /** Default: the process's own. */
  stderr?: Output;
}

/** A folder that a guest may use. */
export interface Preopen {
  /** The folder on the host. */
  host: string;
  /** Path that the guest uses, such as `/data`; `.` is where relative paths begin. */
  guest: string;
  /** True if nothing in it can be changed, created or removed; default: false. */
  readOnly?: boolean;
}

/**
 * A function that a guest imports. Gets the guest's memory, and then what the guest gave: numbers, and
 * bigints for i64. Its result is converted to the type that the guest declares.
 *
 * When it throws, the guest is over: it is left by a trap, which it cannot catch, and the run throws a
 * `HostFunctionError` with what was thrown as its cause.
 */
// deno-lint-ignore no-explicit-any -- the guest's declaration has the types
export type HostFunction = (memory: GuestMemory, ...args: any[]) => number | bigint | void;

/** Functions for guests, by import module and name; the host's own modules are not replaced. */
export type HostModules = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/** Limits of a guest's resources. */
export interface Limits {
  /**
   * Bytes of all linear memories and tables together, rounded down to pages of 64 KiB. A module that
   * begins with more is refused; `memory.grow` and `table.grow` beyond it fail. Several memories share
   * it evenly; tables that the module grows have an eighth of what is left above the start.
   */
  memoryBytes?: number;
  /**
   * Milliseconds from start to end. Then the guest is stopped, wherever it is; in a load, after the map
   * or program that the kernel is at.
   */
  timeMs?: number;
  /**
   * Bytes that its maps take in the kernel when they are full, together. A load beyond it is ENOMEM,
   * before anything is made. Default: 1 GiB, or a quarter of the memory of the machine or control
   * group where that is less.
   */
  maxMapsMemory?: number;
  /** eBPF programs that are loaded at a time; one more is EMFILE. Default: 1024. */
  maxPrograms?: number;
  /** Links that are attached at a time; one more is EMFILE. Default: 4096. */
  maxLinks?: number;
}

/** Options of a guest's run, in addition to eBPF. */
export interface RunOptions {
  /** `args[0]` is the program's name; default: the module's name alone. */
  args?: readonly string[];
  /** Environment variables; default: none. */
  env?: Readonly<Record<string, string>>;
  /** Its standard streams; default: the process's own. */
  stdio?: Stdio;
  /** Folders that it may use, its descriptors from 3 on; default: none. Paths never lead out of them. */
  preopens?: readonly Preopen[];
  /**
   * Addresses that it may accept connections at, such as `127.0.0.1:8080`: listening TCP sockets, its
   * descriptors after those of the folders. Default: none.
   */
  listen?: readonly string[];
  /** More functions that it may import. */
  imports?: HostModules;
  /** Limits of its resources; default: WebAssembly's own. */
  limits?: Limits;
  /**
   * Stops the guest. On the calling thread nothing else runs meanwhile: only a host function, or
   * something before the start, can abort it; a guest of `spawn()` ends at any time.
   */
  signal?: AbortSignal;
  /**
   * Gets what eBPF calls failed with; the guest itself only sees a number. When this, or another of
   * these functions, throws, the guest is over, as with a host function.
   */
  onError?: (error: HostError) => void;
  /** Gets libbpf's remarks on what went well. */
  onNotice?: (text: string) => void;
  /** Import module of `wasm_bpf_buffer_poll` for guests that export their callback. */
  wrapperModule?: string;
  /** The callback that such guests export. */
  callbackExport?: string;
  /** Ends the guest's waits early; default: nothing does. */
  interrupt?: Interrupt;
  /**
   * Makes the kernel count how often and how long programs run, for the statistics; for every program
   * of the machine, at some 20 ns a run.
   */
  countPrograms?: boolean;
  /**
   * Permissions of its eBPF programs; default: everything except the level `write`, and functions that
   * act on processes of their choice. A program that does more is EPERM, before the kernel sees it.
   */
  permissions?: Permissions;
  /**
   * Another word for `write` in `permissions.allowBpf`: programs rewrite the memory of any process, this
   * one's among them, which takes down every wall around the guest; and uprobes attach at an offset,
   * where the kernel writes to code. Default: both are EPERM.
   */
  allowWriteUser?: boolean;
  /**
   * Takes the records that the guest emits with `records_write`; default: none are wanted, and the guest
   * prints by itself.
   */
  records?: GuestRecords;
  /**
   * Milliseconds that an event may be delivered later than at once when events come fast: then they are
   * read together, which costs the traced programs and this process a fraction. Rare events are always
   * delivered at once. Default: 1; 0 reads every event at once.
   */
  latencyMs?: number;
  /**
   * Gets the statistics when everything is released, however the guest ended, and before that in the
   * guest's polls and sleeps when the interrupt asks for attention.
   */
  onStats?: (stats: GuestStats) => void;
  /** Milliseconds between two calls of `onStats` while the guest waits; default: no regular calls. */
  statsEveryMs?: number;
}

/** Options of this package's own. */
export interface InternalOptions extends RunOptions {
  /**
   * Gets the bytes of each eBPF object that the guest opens, before anything is made of it, and returns
   * the permissions of that object. When it throws, the guest is over, as with a host function.
   */
  onObject?: (bytes: Uint8Array<ArrayBuffer>) => Permissions;
  /** Confines the calling thread, for good, before the guest's first instruction; default: no. */
  sandbox?: Sandbox;
  /** Gets the word that controls the guest, before its first instruction: see `wasm/rewrite.ts`. */
  onControl?: (words: Int32Array<SharedArrayBuffer>) => void;
  /**
   * Resolves paths in another way than the default, which keeps them inside: for tests of the other
   * walls.
   */
  resolve?: number;
  /** The guest has run its last instruction; what it holds is about to be released. */
  onEnded?: () => void;
}

/**
 * Returns what the eBPF programs of a run may do.
 *
 * @throws {PermissionError} for an unknown level, helper or kernel function
 */
export function policyOf(
  { permissions = {}, allowWriteUser = false }: {
    permissions?: RunOptions["permissions"];
    allowWriteUser?: boolean | undefined;
  },
): Policy {
  if (!allowWriteUser) return new Policy(permissions);
  return new Policy({ ...permissions, allowBpf: [...permissions.allowBpf ?? [], "write"] });
}
