/** WASI without a guest: calls its functions directly, with folders of the host. */
import assert from "node:assert/strict";
import { Interrupt } from "../../ffi/mod.ts";
import { GuestMemory } from "../../runtime/guest_memory.ts";
import type { RunOptions } from "../../runtime/mod.ts";
import { wasiErrno, type WasiErrnoName } from "../../runtime/wasi/errno.ts";
import { ALL_FAMILIES, openGrants } from "../../runtime/wasi/everything.ts";
import { FdTable, type Streams, wasiImports } from "../../runtime/wasi/mod.ts";
import { ALL_RIGHTS, WRITING_RIGHTS } from "../../runtime/wasi/rights.ts";
import "./whole_shim.ts";

const PAGES = 4;
/** Addresses in the memory. */
export const Place = { Path: 0x1000, Other: 0x3000, Out: 0x5000, Buffer: 0x8000 } as const;

/** The folder's descriptor where one is granted. */
export const DIR = 3;

/** `oflags`. */
export const OFlag = { Creat: 1, Directory: 2, Excl: 4, Trunc: 8 } as const;

/** Options of a host. */
export interface HostOptions
  extends Pick<RunOptions, "preopens" | "listen" | "stdio" | "onNotice"> {
  streams?: Streams;
  isUnstable?: boolean;
  isTerminable?: boolean;
}

type Value = number | bigint;

/** The host side of a guest that is not there. */
export class WasiHost implements Disposable {
  readonly memory = new GuestMemory();
  readonly interrupt = Interrupt.create();
  readonly fds: FdTable;
  readonly exits: number[] = [];
  attended = 0;
  readonly #imports: Record<string, (...args: Value[]) => number>;

  constructor(options: HostOptions = {}) {
    this.memory.bind(new WebAssembly.Memory({ initial: PAGES }));
    this.fds = new FdTable(options.streams);
    openGrants(this.fds, options);
    this.#imports = wasiImports({
      memory: this.memory,
      interrupt: this.interrupt,
      attend: () => void this.attended++,
      fds: this.fds,
      args: ["guest"],
      env: {},
      exit: (code) => {
        this.exits.push(code);
        throw new Error("exit");
      },
      isUnstable: options.isUnstable ?? false,
      isTerminable: options.isTerminable ?? false,
    }, ALL_FAMILIES) as unknown as Record<string, (...args: Value[]) => number>;
  }

  /** Calls a function; its errno. */
  call(name: string, ...args: Value[]): number {
    const call = this.#imports[name];
    assert.ok(call !== undefined, name);
    return call(...args);
  }

  /** Calls a function that must succeed. */
  ok(name: string, ...args: Value[]): void {
    assert.equal(this.call(name, ...args), 0, name);
  }

  /** Calls a function that must return this errno. */
  fails(errno: WasiErrnoName, name: string, ...args: Value[]): void {
    assert.equal(this.call(name, ...args), wasiErrno(errno), `${name}: ${errno}`);
  }

  /** A path in memory, as the two parameters that name it. */
  text(text: string | Uint8Array, at: number = Place.Path): [number, number] {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.memory.write(at, bytes);
    return [at, bytes.length];
  }

  /** Arguments of `path_open`; all rights that the folder can pass on. */
  opening(
    path: string,
    { dir = DIR, oflags = 0, fdFlags = 0, follow = true, rights, inheriting }: {
      dir?: number;
      oflags?: number;
      fdFlags?: number;
      follow?: boolean;
      rights?: number;
      inheriting?: number;
    } = {},
  ): Value[] {
    const { inheriting: all = ALL_RIGHTS, isReadOnly = false } = this.fds.get(dir) ?? {};
    const most = isReadOnly ? all & ~WRITING_RIGHTS : all;
    return [
      ...[dir, follow ? 1 : 0, ...this.text(path), oflags],
      ...[BigInt(rights ?? most), BigInt(inheriting ?? most), fdFlags, Place.Out],
    ];
  }

  /** Opens a path; its descriptor. */
  open(path: string, options: Parameters<WasiHost["opening"]>[1] = {}): number {
    this.ok("path_open", ...this.opening(path, options));
    return this.memory.getU32(Place.Out);
  }

  /** Opens a folder: without the rights that only files have. */
  openFolder(path: string, dir = DIR): number {
    const rights = this.fds.get(dir)?.rights ?? 0;
    return this.open(path, { dir, oflags: OFlag.Directory, rights });
  }

  /** One iovec; its address and the count. */
  iovec(offset: number, size: number): [number, number] {
    this.memory.setU32(Place.Other, offset);
    this.memory.setU32(Place.Other + 4, size);
    return [Place.Other, 1];
  }

  /** Writes text to a descriptor; how much was written. */
  write(fd: number, text: string): number {
    const list = this.iovec(...this.text(text, Place.Buffer));
    this.ok("fd_write", fd, ...list, Place.Out);
    return this.memory.getU32(Place.Out);
  }

  /** Reads at most that much from a descriptor. */
  read(fd: number, size = 1000): string {
    this.ok("fd_read", fd, ...this.iovec(Place.Buffer, size), Place.Out);
    return this.string(Place.Buffer, this.memory.getU32(Place.Out));
  }

  /** Text in memory. */
  string(at: number, size: number): string {
    return new TextDecoder().decode(this.memory.bytes(at, size));
  }

  [Symbol.dispose](): void {
    this.fds[Symbol.dispose]();
    this.interrupt.close();
    this.memory[Symbol.dispose]();
  }
}
