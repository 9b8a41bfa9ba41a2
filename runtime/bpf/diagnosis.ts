/** Reads what libbpf said about a failed load, and says it for people. */
import { errno } from "../../ffi/mod.ts";
import { BpfError } from "./errors.ts";

const VERIFIER_LOG =
  /^libbpf: prog '([^']*)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)^-- END PROG LOAD LOG --$/m;
const FAILED_PROGRAM = /^libbpf: prog '([^']*)': (?:BPF program load failed|failed to load)/m;
const FAILED_MAP = /^libbpf: map '([^']*)': failed to create/m;
const MISSING_BTF =
  /kernel BTF is missing|failed to find valid kernel BTF|Error loading vmlinux BTF/;
const MISSING_TYPE = /CO-RE relocating|failed to resolve CO-RE relocation|<invalid CO-RE/;

const RIGHTS_HINT = "run as root, or give the binary CAP_BPF and CAP_PERFMON";

/**
 * Why `bpf_object__load` failed.
 *
 * @param number the negative errno it returned
 * @param log everything libbpf said meanwhile; it becomes the error's detail
 */
export function diagnoseLoad(number: number, log: string): BpfError {
  const verifier = VERIFIER_LOG.exec(log);
  const program = verifier?.[1] ?? FAILED_PROGRAM.exec(log)?.[1];
  const map = FAILED_MAP.exec(log)?.[1];
  const op = program !== undefined
    ? `load program "${program}"`
    : map !== undefined
    ? `create map "${map}"`
    : "load the eBPF object";
  return new BpfError(op, number, {
    hint: hintFor(number, log, verifier !== null),
    detail: (verifier?.[2] ?? withoutPrefix(log)).trimEnd(),
  });
}

function hintFor(number: number, log: string, refused: boolean): string | undefined {
  if (MISSING_BTF.test(log)) {
    return "this kernel gives no type information at /sys/kernel/btf/vmlinux: " +
      "it needs CONFIG_DEBUG_INFO_BTF=y (Linux 5.4 or newer)";
  }
  if (-number === errno("EPERM")) return RIGHTS_HINT;
  if (MISSING_TYPE.test(log)) {
    return "this kernel lacks a type, field or function that the program needs";
  }
  if (refused && -number === errno("E2BIG")) {
    return "the program is larger, or branches more, than this kernel's verifier follows";
  }
  if (refused) return "the verifier refused the program; its last lines say where";
  if (-number === errno("EINVAL") && /unknown program type|not supported/i.test(log)) {
    return "this kernel may lack the program's type";
  }
  return undefined;
}

/** Why `bpf_object__open_mem` failed. */
export function diagnoseOpen(number: number, log: string): BpfError {
  return new BpfError("open the eBPF object", number, {
    hint: "the guest must give the bytes of an ELF file made by clang -target bpf",
    detail: withoutPrefix(log).trimEnd(),
  });
}

/** Why a program could not be attached. */
export function diagnoseAttach(
  program: { name: string; section: string },
  number: number,
  log: string,
): BpfError {
  const place = program.section === program.name ? "" : ` to "${program.section}"`;
  return new BpfError(`attach program "${program.name}"${place}`, number, {
    hint: attachHint(number),
    detail: withoutPrefix(log).trimEnd(),
  });
}

function attachHint(number: number): string | undefined {
  switch (-number) {
    case errno("EPERM"):
    case errno("EACCES"):
      return RIGHTS_HINT;
    case errno("EOPNOTSUPP"):
      return "the section's name does not say where to attach the program";
    case errno("ENOENT"):
    case errno("ENODEV"):
      return "this kernel has nothing of that name, or was built without this kind of program";
    default:
      return undefined;
  }
}

/** libbpf's lines, without the word it puts before each. */
export function withoutPrefix(log: string): string {
  return log.replace(/^libbpf: /gm, "");
}
