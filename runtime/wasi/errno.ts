/** WASI preview 1's error numbers (`errno` in the witx), and Linux's names for them. */
import { errnoName } from "../../ffi/mod.ts";

/** In the specification's order, which gives the numbers; WASI spells them without the E. */
const NAMES = [
  "SUCCESS",
  "E2BIG",
  "EACCES",
  "EADDRINUSE",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EAGAIN",
  "EALREADY",
  "EBADF",
  "EBADMSG",
  "EBUSY",
  "ECANCELED",
  "ECHILD",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EDEADLK",
  "EDESTADDRREQ",
  "EDOM",
  "EDQUOT",
  "EEXIST",
  "EFAULT",
  "EFBIG",
  "EHOSTUNREACH",
  "EIDRM",
  "EILSEQ",
  "EINPROGRESS",
  "EINTR",
  "EINVAL",
  "EIO",
  "EISCONN",
  "EISDIR",
  "ELOOP",
  "EMFILE",
  "EMLINK",
  "EMSGSIZE",
  "EMULTIHOP",
  "ENAMETOOLONG",
  "ENETDOWN",
  "ENETRESET",
  "ENETUNREACH",
  "ENFILE",
  "ENOBUFS",
  "ENODEV",
  "ENOENT",
  "ENOEXEC",
  "ENOLCK",
  "ENOLINK",
  "ENOMEM",
  "ENOMSG",
  "ENOPROTOOPT",
  "ENOSPC",
  "ENOSYS",
  "ENOTCONN",
  "ENOTDIR",
  "ENOTEMPTY",
  "ENOTRECOVERABLE",
  "ENOTSOCK",
  // WASI: not supported.
  "EOPNOTSUPP",
  "ENOTTY",
  "ENXIO",
  "EOVERFLOW",
  "EOWNERDEAD",
  "EPERM",
  "EPIPE",
  "EPROTO",
  "EPROTONOSUPPORT",
  "EPROTOTYPE",
  "ERANGE",
  "EROFS",
  "ESPIPE",
  "ESRCH",
  "ESTALE",
  "ETIMEDOUT",
  "ETXTBSY",
  "EXDEV",
  "ENOTCAPABLE",
] as const;

/** Name of a WASI error; all but `SUCCESS` and `ENOTCAPABLE` are Linux's. */
export type WasiErrnoName = (typeof NAMES)[number];

const NUMBERS = new Map<string, number>(NAMES.map((name, number) => [name, number]));

/** WASI's number for a name: `wasiErrno("EBADF")` is 8. */
export function wasiErrno(name: WasiErrnoName): number {
  return NUMBERS.get(name) ?? 0;
}

/** WASI's number for a result of the shim: 0 when it is ≥ 0; EIO for an error WASI has no name for. */
export function fromResult(result: number): number {
  if (result >= 0) return 0;
  return NUMBERS.get(errnoName(result) ?? "EIO") ?? wasiErrno("EIO");
}
