/** Host of WASI with its memory, called without a guest. */
import { Interrupt } from "../../ffi/mod.ts";
import { GuestMemory } from "../../runtime/guest_memory.ts";
import { ALL_FAMILIES } from "../../runtime/wasi/everything.ts";
import { FdTable, type WasiFamily, wasiImports } from "../../runtime/wasi/mod.ts";
import "./whole_shim.ts";

export const PAGE = 65536;

export const FILL = 0x3f;

/** More than a machine is held up; waits that must not be waited for take an hour. */
export const HELD_UP_MS = 120_000;

/** Numbers of `errno` in the specification. */
export const Errno = {
  SUCCESS: 0,
  BADF: 8,
  FAULT: 21,
  INVAL: 28,
  NOSYS: 52,
  NOTCAPABLE: 76,
} as const;

export interface Host extends Disposable {
  names: string[];
  call: (name: string, ...args: (number | bigint)[]) => number;
  memory: GuestMemory;
  view: DataView;
  exits: number[];
  interrupt: Interrupt;
}

interface HostOptions {
  args?: string[];
  env?: Record<string, string>;
  families?: readonly WasiFamily[];
}

/** WASI for a guest of one page, filled with '?'. */
export function host(options: HostOptions = {}): Host {
  const linear = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(linear.buffer).fill(FILL);
  const memory = new GuestMemory();
  memory.bind(linear);
  const interrupt = Interrupt.create();
  const exits: number[] = [];
  const fds = new FdTable();
  const imports = wasiImports({
    memory,
    interrupt,
    attend: () => {},
    fds,
    args: options.args ?? ["guest"],
    env: options.env ?? {},
    exit: (code) => {
      exits.push(code);
      throw new Error("exit");
    },
  }, options.families ?? ALL_FAMILIES);
  return {
    names: Object.keys(imports),
    call: (name, ...args) =>
      (imports[name] as unknown as (...args: (number | bigint)[]) => number)(...args),
    memory,
    view: new DataView(linear.buffer),
    exits,
    interrupt,
    [Symbol.dispose]: () => {
      fds[Symbol.dispose]();
      interrupt.close();
      memory[Symbol.dispose]();
    },
  };
}

/** Reports whether all bytes are as they were, except `size` bytes at `offset`. */
export function untouched({ view }: Host, offset = 0, size = 0): boolean {
  const bytes = new Uint8Array(view.buffer);
  return bytes.every((byte, i) => byte === FILL || (i >= offset && i < offset + size));
}
