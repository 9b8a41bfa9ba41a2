/** Hints for objects that libbpf cannot open. */
import { errno } from "../ffi/mod.ts";

/** `LIBBPF_ERRNO__*` of `bpf/libbpf.h`. */
const [LIBELF, FORMAT, VERSION, ENDIAN, RELOC] = [4000, 4001, 4002, 4003, 4005];

interface Hint {
  /** Errnos that it is for; default: each. */
  errnos?: readonly number[];
  /** Words of libbpf's that it is for; default: any. */
  log?: RegExp;
  text: string;
}

const COMPILE = "compile the object with clang -target bpf -g -c";

/** The first that fits counts. */
const HINTS: readonly Hint[] = [
  { errnos: [ENDIAN], text: "compile the object with -target bpfel, or bpfeb for big-endian CPUs" },
  {
    log: /couldn't find symbol table/,
    text: "strip no more than debug information: llvm-strip -g",
  },
  {
    log: /legacy map definitions|'maps' section/,
    text: 'declare maps in SEC(".maps") (aya: #[btf_map]): libbpf 1.0 removed SEC("maps")',
  },
  {
    log: /BTF is required|DATASEC '\.maps' not found|BTF extern .* not found|datasec .* not found/i,
    text: "compile the object with -g: maps and externs are described by its BTF",
  },
  { log: /declared ARENA map size/, text: "raise max_entries of the arena map" },
  {
    errnos: [RELOC, errno("ESRCH")],
    text: "link all files of the object with bpftool gen object: a name in it is not defined",
  },
  { errnos: [VERSION], text: 'declare a version of Linux in SEC("version"), or none' },
  {
    errnos: [errno("ENOMEM")],
    text: "free memory, or raise the limit of the process or its cgroup",
  },
  {
    errnos: [errno("EOPNOTSUPP"), errno("ENOTSUPP")],
    text: "libbpf does not support what the last line of the detail names",
  },
  { errnos: [LIBELF, FORMAT, errno("EINVAL")], text: COMPILE },
];

/** Returns the hint for an object that cannot be opened, by libbpf's errno and log, if known. */
export function openHint(number: number, log: string): string | undefined {
  return HINTS.find(({ errnos, log: words }) =>
    (errnos?.includes(Math.abs(number)) ?? true) && (words?.test(log) ?? true)
  )?.text;
}
