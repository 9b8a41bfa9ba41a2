/** Errors of eBPF operations. */
import { describeErrno, errno, errnoName } from "../ffi/mod.ts";
import { HostError, type HostErrorOptions } from "../ffi/errors.ts";

/** libbpf's own errors, beyond the kernel's: `LIBBPF_ERRNO__*` of `bpf/libbpf.h`. */
const LIBBPF_ERRORS = new Map([
  [4000, ["LIBBPF_LIBELF", "not an ELF file, or a damaged one"]],
  [4001, ["LIBBPF_FORMAT", "it is not a whole eBPF object"]],
  [4003, ["LIBBPF_ENDIAN", "it was compiled for the other byte order"]],
  [4004, ["LIBBPF_INTERNAL", "libbpf failed"]],
  [4005, ["LIBBPF_RELOC", "a relocation failed"]],
]);

/** Names in them are the guest's, which are as long as it likes. */
const MAX_OP_CHARACTERS = 300;
const MAX_HINT_CHARACTERS = 2000;

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}

/** Highest errno that the kernel returns to user space: EHWPOISON. */
const LAST_ERRNO = 133;

/** An eBPF operation that the kernel, libbpf or the runtime refused. */
export class BpfError extends HostError {
  /** The class's name. */
  override name = "BpfError";
  /** Operation that failed, such as `load program "handle_exec"`. */
  readonly op: string;
  /** Positive, of Linux or libbpf. */
  readonly errno: number;

  /**
   * "Cannot op: reason".
   *
   * @param number positive or negative
   * @param options `reason` stands instead of the errno's own words
   */
  constructor(
    op: string,
    number: number,
    options: Omit<HostErrorOptions, "code"> & { reason?: string | undefined } = {},
  ) {
    const [name, words] = LIBBPF_ERRORS.get(Math.abs(number)) ?? [];
    const reason = options.reason ?? (name === undefined ? describeErrno(number) : words);
    super(`Cannot ${cut(op, MAX_OP_CHARACTERS)}: ${reason}`, {
      ...options,
      hint: options.hint === undefined ? undefined : cut(options.hint, MAX_HINT_CHARACTERS),
      code: name ?? errnoName(number) ?? `E${Math.abs(number)}`,
    });
    this.op = cut(op, MAX_OP_CHARACTERS);
    this.errno = Math.abs(number);
  }

  /** The errno for a guest, whose table has only the kernel's numbers for user space. */
  get guestErrno(): number {
    if (this.errno === errno("ENOTSUPP")) return errno("EOPNOTSUPP");
    return this.errno <= LAST_ERRNO ? this.errno : errno("EINVAL");
  }
}
