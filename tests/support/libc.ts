/** System calls as they are, past everything that the program checks: what only the kernel refuses. */
import { cString } from "../../ffi/c_values.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  truncate: { parameters: ["buffer", "i64"], result: "i32" },
  mknod: { parameters: ["buffer", "u32", "u64"], result: "i32" },
  mount: { parameters: ["buffer", "buffer", "buffer", "u64", "pointer"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const library = Deno.dlopen("libc.so.6", SYMBOLS).symbols;

/** `AT_FDCWD` of `fcntl.h`. */
export const AT_FDCWD = -100;

/** `O_*` of `fcntl.h`, of x86-64. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** A call's result, or its negative errno. */
export function call(
  name: Exclude<keyof typeof SYMBOLS, "__errno_location">,
  ...args: unknown[]
): number {
  const words = args.map((word) => typeof word === "string" ? cString(word) : word);
  const result = (library[name] as (...args: unknown[]) => number)(...words);
  if (result >= 0) return result;
  const at = library.__errno_location();
  if (at === null) throw new Error("no errno");
  return -new Deno.UnsafePointerView(at).getInt32();
}

/** Arguments of {@linkcode open}, which are used by address: collected, they would be other bytes. */
const HOW = new BigUint64Array(new ArrayBuffer(24));
const PATH = new Uint8Array(new ArrayBuffer(4096));
const address = (bytes: BufferSource) =>
  BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));

/** openat2(2) with mode 0600 for what is created: the descriptor, or its negative errno. */
export function open(path: string, flags: number): number {
  HOW.set([BigInt(flags), (flags & O.CREAT) === 0 ? 0n : 0o600n, 0n]);
  PATH.set(cString(path));
  return call("syscall", 437n, BigInt(AT_FDCWD), address(PATH), address(HOW), 24n, 0n);
}

/** kcmp(2) of two threads' tables of descriptors: 0 when they share one; or its negative errno. */
export function compareTables(one: number, other: number): number {
  const [number, files] = [Deno.build.arch === "x86_64" ? 312n : 272n, 2n];
  return call("syscall", number, BigInt(one), BigInt(other), files, 0n, 0n);
}

/** A `sockaddr_in` of 127.0.0.1. */
export function loopback(port: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
}
