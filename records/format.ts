/** Formats of values: names on the command line and in annotations. */
import { nearest } from "../ffi/nearest.ts";
import { RecordsError } from "./errors.ts";

/** Names of all formats, with what they show. */
export const FORMATS = {
  dec: "decimal number",
  hex: "hexadecimal number, 0x1f",
  addr: "hexadecimal address; in columns the symbol of one in kernel code",
  oct: "octal number, 0644",
  bool: "true or false",
  char: "single character",
  args: "texts after each other, as those of a command line",
  str: "text up to its first NUL byte",
  bytes: "hexadecimal digits of an array, or a size",
  size: "size with SI prefix, 83 MB",
  ns: "duration in nanoseconds, 1.50ms",
  us: "duration in microseconds",
  ms: "duration in milliseconds",
  s: "duration in seconds",
  time: "wall-clock time of bpf_ktime_get_ns(); time:boot, time:wall for other clocks",
  ipv4: "IPv4 address of 4 bytes",
  ipv6: "IPv6 address of 16 bytes",
  ip: "IP address of 4 or 16 bytes, by the family next to it",
  endpoint: "IP address and the port next to it, 127.0.0.1:80",
  mac: "hardware address of 6 bytes",
  be16: "16-bit number in network byte order",
  be32: "32-bit number in network byte order",
  be64: "64-bit number in network byte order",
  errno: "name of an error, ENOENT",
  signal: "name of a signal, SIGKILL",
  syscall: "name of a system call of this architecture",
  uid: "name of a user",
  gid: "name of a group",
  mode: "type and permissions of a file, -rw-r--r--",
  flags: "flags of open(2), O_RDONLY|O_CREAT; flags:NAME for those of an enum",
  enum: "name of the value; enum:NAME for an enum of the object or kernel",
  ksym: "kernel symbol of an address",
  usym: "user symbol of an address",
  kstack: "kernel stack of an id or an array; kstack:MAP for ids of that map",
  ustack: "user stack of an id or an array; ustack:MAP for ids of that map",
  dev: "device numbers, 8:1",
  inode: "inode number",
  list: "elements, separated by commas",
} as const;

/** Name of a format. */
export type FormatName = keyof typeof FORMATS;

/** Look of a value. */
export interface Format {
  /** Name of the format. */
  readonly name: FormatName;
  /** Text after the colon: a clock, or the name of an enum. */
  readonly argument?: string;
}

/** Other words for formats. */
const ALIASES: Readonly<Record<string, string>> = {
  "duration": "ns",
  "duration:ns": "ns",
  "duration:us": "us",
  "duration:ms": "ms",
  "duration:s": "s",
  "time:monotonic": "time",
  "port": "be16",
  "float": "dec",
  "int": "dec",
  "string": "str",
  "ino": "inode",
};

/**
 * Reads a format such as `ipv4`, `time:boot`, `enum:tcp_state` or `duration, us`.
 *
 * @throws {RecordsError} `BAD_FORMAT` for an unknown one
 */
export function parseFormat(text: string): Format {
  const plain = text.replaceAll(/\s+/g, "").replace(",", ":");
  const word = Object.hasOwn(ALIASES, plain) ? ALIASES[plain] ?? plain : plain;
  const colon = word.indexOf(":");
  const name = colon < 0 ? word : word.slice(0, colon);
  const argument = colon < 0 ? undefined : word.slice(colon + 1);
  if (!Object.hasOwn(FORMATS, name) || !isArgument(name, argument)) {
    const close = nearest(name, Object.keys(FORMATS));
    throw new RecordsError(`Cannot use format "${text}": not a format`, {
      code: "BAD_FORMAT",
      hint: (close === undefined || close === name ? "" : `did you mean ${close}? `) +
        `formats: ${Object.keys(FORMATS).join(", ")}`,
    });
  }
  return argument === undefined
    ? { name: name as FormatName }
    : { name: name as FormatName, argument };
}

function isArgument(name: string, argument: string | undefined): boolean {
  if (argument === undefined) return true;
  if (name === "time") return /^(boot|wall|guess)$/.test(argument);
  return /^(enum|flags|[ku]stack)$/.test(name) && /^[\w.]{1,128}$/.test(argument);
}

/** Returns a format as {@linkcode parseFormat} reads it. */
export function formatText({ name, argument }: Format): string {
  return argument === undefined ? name : `${name}:${argument}`;
}
