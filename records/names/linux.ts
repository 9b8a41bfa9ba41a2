/** Names of Linux's numbers on x86-64, which formats show. */

/** Names of errors by number, from 1; an empty name is not used. */
export const ERRORS: readonly string[] =
  (",EPERM,ENOENT,ESRCH,EINTR,EIO,ENXIO,E2BIG,ENOEXEC,EBADF,ECHILD,EAGAIN,ENOMEM,EACCES,EFAULT,ENOTBLK," +
    "EBUSY,EEXIST,EXDEV,ENODEV,ENOTDIR,EISDIR,EINVAL,ENFILE,EMFILE,ENOTTY,ETXTBSY,EFBIG,ENOSPC,ESPIPE," +
    "EROFS,EMLINK,EPIPE,EDOM,ERANGE,EDEADLK,ENAMETOOLONG,ENOLCK,ENOSYS,ENOTEMPTY,ELOOP,,ENOMSG,EIDRM," +
    "ECHRNG,EL2NSYNC,EL3HLT,EL3RST,ELNRNG,EUNATCH,ENOCSI,EL2HLT,EBADE,EBADR,EXFULL,ENOANO,EBADRQC," +
    "EBADSLT,,EBFONT,ENOSTR,ENODATA,ETIME,ENOSR,ENONET,ENOPKG,EREMOTE,ENOLINK,EADV,ESRMNT,ECOMM,EPROTO," +
    "EMULTIHOP,EDOTDOT,EBADMSG,EOVERFLOW,ENOTUNIQ,EBADFD,EREMCHG,ELIBACC,ELIBBAD,ELIBSCN,ELIBMAX," +
    "ELIBEXEC,EILSEQ,ERESTART,ESTRPIPE,EUSERS,ENOTSOCK,EDESTADDRREQ,EMSGSIZE,EPROTOTYPE,ENOPROTOOPT," +
    "EPROTONOSUPPORT,ESOCKTNOSUPPORT,EOPNOTSUPP,EPFNOSUPPORT,EAFNOSUPPORT,EADDRINUSE,EADDRNOTAVAIL," +
    "ENETDOWN,ENETUNREACH,ENETRESET,ECONNABORTED,ECONNRESET,ENOBUFS,EISCONN,ENOTCONN,ESHUTDOWN," +
    "ETOOMANYREFS,ETIMEDOUT,ECONNREFUSED,EHOSTDOWN,EHOSTUNREACH,EALREADY,EINPROGRESS,ESTALE,EUCLEAN," +
    "ENOTNAM,ENAVAIL,EISNAM,EREMOTEIO,EDQUOT,ENOMEDIUM,EMEDIUMTYPE,ECANCELED,ENOKEY,EKEYEXPIRED," +
    "EKEYREVOKED,EKEYREJECTED,EOWNERDEAD,ENOTRECOVERABLE,ERFKILL,EHWPOISON").split(",");

/** Errors that only the kernel sees. */
const KERNEL_ERRORS: Readonly<Record<number, string>> = {
  512: "ERESTARTSYS",
  513: "ERESTARTNOINTR",
  514: "ERESTARTNOHAND",
  515: "ENOIOCTLCMD",
  516: "ERESTART_RESTARTBLOCK",
  517: "EPROBE_DEFER",
  524: "ENOTSUPP",
  529: "EIOCBQUEUED",
};

/** Returns the name of a positive error number. */
export function errorName(number: number): string | undefined {
  return ERRORS[number] || KERNEL_ERRORS[number];
}

const SIGNALS =
  ("NULL,HUP,INT,QUIT,ILL,TRAP,ABRT,BUS,FPE,KILL,USR1,SEGV,USR2,PIPE,ALRM,TERM,STKFLT,CHLD,CONT,STOP," +
    "TSTP,TTIN,TTOU,URG,XCPU,XFSZ,VTALRM,PROF,WINCH,IO,PWR,SYS").split(",");

/** Returns the name of a signal; real-time ones count from SIGRTMIN, 34 in C libraries. */
export function signalName(number: number): string | undefined {
  if (number > 0 && number < SIGNALS.length) return `SIG${SIGNALS[number]}`;
  if (number === 34) return "SIGRTMIN";
  if (number > 34 && number <= 64) return `SIGRTMIN+${number - 34}`;
  return undefined;
}

/** Flags of open(2) in x86-64's and the generic numbering; the access mode has two bits. */
const OPEN_FLAGS: readonly (readonly [number, string])[] = [
  [0o4_010_000, "O_SYNC"],
  [0o20_200_000, "O_TMPFILE"],
  [0o100, "O_CREAT"],
  [0o200, "O_EXCL"],
  [0o400, "O_NOCTTY"],
  [0o1000, "O_TRUNC"],
  [0o2000, "O_APPEND"],
  [0o4000, "O_NONBLOCK"],
  [0o10_000, "O_DSYNC"],
  [0o20_000, "FASYNC"],
  [0o40_000, "O_DIRECT"],
  [0o100_000, "O_LARGEFILE"],
  [0o200_000, "O_DIRECTORY"],
  [0o400_000, "O_NOFOLLOW"],
  [0o1_000_000, "O_NOATIME"],
  [0o2_000_000, "O_CLOEXEC"],
  [0o10_000_000, "O_PATH"],
];

/** Returns flags of open(2): `O_RDONLY|O_CREAT`; unknown bits as a number. */
export function openFlags(value: number): string {
  const words = [["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][value & 3] ?? ""];
  let rest = (value & ~3) >>> 0;
  for (const [bits, name] of OPEN_FLAGS) {
    if ((rest & bits) >>> 0 !== bits) continue;
    words.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  if (rest !== 0) words.push(`0x${rest.toString(16)}`);
  return words.join("|");
}

const FILE_TYPES: Readonly<Record<number, string>> = {
  0o01: "p",
  0o02: "c",
  0o04: "d",
  0o06: "b",
  0o10: "-",
  0o12: "l",
  0o14: "s",
};

/** Returns type and permissions as ls(1) shows them: `-rw-r--r--`. */
export function fileMode(value: number): string {
  const bits = (shift: number, special: boolean, letters: string) => {
    const three = value >>> shift & 7;
    const execute = (three & 1) !== 0;
    const last = special ? letters[execute ? 0 : 1] : execute ? "x" : "-";
    return `${three & 4 ? "r" : "-"}${three & 2 ? "w" : "-"}${last}`;
  };
  return (FILE_TYPES[value >>> 12 & 15] ?? (value >>> 12 === 0 ? "-" : "?")) +
    bits(6, (value & 0o4000) !== 0, "sS") +
    bits(3, (value & 0o2000) !== 0, "sS") +
    bits(0, (value & 0o1000) !== 0, "tT");
}

/** Returns a device of the kernel's `dev_t`, of 12 and 20 bits: `8:1`. */
export function deviceNumbers(value: number): string {
  return `${value >>> 20}:${value & 0xfffff}`;
}
