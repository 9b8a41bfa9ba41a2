/**
 * Linux error numbers and their names (`asm-generic/errno.h`; the same on x86-64, arm64 and riscv64).
 *
 * Names connect the kernel's numbers with WASI's, which differ.
 */

/** Number and description of each error, by name. */
export const ERRNO = {
  EPERM: [1, "operation not permitted"],
  ENOENT: [2, "no such file or directory"],
  ESRCH: [3, "no such process"],
  EINTR: [4, "interrupted"],
  EIO: [5, "input/output error"],
  ENXIO: [6, "no such device or address"],
  E2BIG: [7, "argument list too long"],
  ENOEXEC: [8, "exec format error"],
  EBADF: [9, "bad file descriptor"],
  ECHILD: [10, "no child processes"],
  EAGAIN: [11, "resource temporarily unavailable"],
  ENOMEM: [12, "cannot allocate memory"],
  EACCES: [13, "permission denied"],
  EFAULT: [14, "bad address"],
  ENOTBLK: [15, "block device required"],
  EBUSY: [16, "device or resource busy"],
  EEXIST: [17, "already exists"],
  EXDEV: [18, "cross-device link"],
  ENODEV: [19, "no such device"],
  ENOTDIR: [20, "not a directory"],
  EISDIR: [21, "is a directory"],
  EINVAL: [22, "invalid argument"],
  ENFILE: [23, "too many open files in the system"],
  EMFILE: [24, "too many open files"],
  ENOTTY: [25, "not a terminal"],
  ETXTBSY: [26, "text file busy"],
  EFBIG: [27, "file too large"],
  ENOSPC: [28, "no space left on device"],
  ESPIPE: [29, "illegal seek"],
  EROFS: [30, "read-only file system"],
  EMLINK: [31, "too many links"],
  EPIPE: [32, "broken pipe"],
  EDOM: [33, "argument out of domain"],
  ERANGE: [34, "result out of range"],
  EDEADLK: [35, "deadlock avoided"],
  ENAMETOOLONG: [36, "file name too long"],
  ENOLCK: [37, "no locks available"],
  ENOSYS: [38, "not implemented"],
  ENOTEMPTY: [39, "directory not empty"],
  ELOOP: [40, "too many levels of symbolic links"],
  ENOMSG: [42, "no message of the desired type"],
  EIDRM: [43, "identifier removed"],
  ENODATA: [61, "no data available"],
  ETIME: [62, "timer expired"],
  ENOLINK: [67, "link severed"],
  EPROTO: [71, "protocol error"],
  EMULTIHOP: [72, "multihop attempted"],
  EBADMSG: [74, "bad message"],
  EOVERFLOW: [75, "value too large"],
  EILSEQ: [84, "invalid byte sequence"],
  ERESTART: [85, "interrupted system call should be restarted"],
  EUSERS: [87, "too many users"],
  ENOTSOCK: [88, "not a socket"],
  EDESTADDRREQ: [89, "destination address required"],
  EMSGSIZE: [90, "message too long"],
  EPROTOTYPE: [91, "protocol of the wrong type"],
  ENOPROTOOPT: [92, "protocol not available"],
  EPROTONOSUPPORT: [93, "protocol not supported"],
  EOPNOTSUPP: [95, "operation not supported"],
  EAFNOSUPPORT: [97, "address family not supported"],
  EADDRINUSE: [98, "address already in use"],
  EADDRNOTAVAIL: [99, "address not available"],
  ENETDOWN: [100, "network is down"],
  ENETUNREACH: [101, "network is unreachable"],
  ENETRESET: [102, "connection reset by the network"],
  ECONNABORTED: [103, "connection aborted"],
  ECONNRESET: [104, "connection reset"],
  ENOBUFS: [105, "no buffer space available"],
  EISCONN: [106, "socket is already connected"],
  ENOTCONN: [107, "socket is not connected"],
  ETIMEDOUT: [110, "timed out"],
  ECONNREFUSED: [111, "connection refused"],
  EHOSTUNREACH: [113, "host is unreachable"],
  EALREADY: [114, "already in progress"],
  EINPROGRESS: [115, "in progress"],
  ESTALE: [116, "stale file handle"],
  EDQUOT: [122, "disk quota exceeded"],
  ECANCELED: [125, "canceled"],
  EOWNERDEAD: [130, "owner died"],
  ENOTRECOVERABLE: [131, "state not recoverable"],
  // Internal to the kernel, but bpf(2) returns it.
  ENOTSUPP: [524, "operation not supported by the kernel"],
} as const satisfies Record<string, readonly [number, string]>;

/** Name of a Linux error, such as `"EPERM"`. */
export type ErrnoName = keyof typeof ERRNO;

/** Created on first use: most runs have no errors. */
let names: Map<number, ErrnoName> | undefined;

/** Returns the kernel's number for a name: `errno("ENOENT")` is 2. */
export function errno(name: ErrnoName): number {
  return ERRNO[name][0];
}

/** Returns the name of a number, positive or negative; `undefined` if Linux has no such error. */
export function errnoName(number: number): ErrnoName | undefined {
  names ??= new Map((Object.keys(ERRNO) as ErrnoName[]).map((name) => [ERRNO[name][0], name]));
  return names.get(Math.abs(number));
}

/** Describes a number for users: `"EPERM (operation not permitted)"`, or `"error 999"`. */
export function describeErrno(number: number): string {
  const name = errnoName(number);
  return name === undefined ? `error ${Math.abs(number)}` : `${name} (${ERRNO[name][1]})`;
}
