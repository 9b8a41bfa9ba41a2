/** Explains libbpf's log of a failed load to the user. */
import { errno, errnoName } from "../ffi/mod.ts";
import { explainRefusal, type Policy } from "./permissions/mod.ts";
import { BpfError } from "./errors.ts";
import { openHint } from "./open_hints.ts";
import { type Cause, REFUSALS } from "./refusals.ts";

const LOG_BEGIN = /^libbpf: prog '([^']*)': -- BEGIN PROG LOAD LOG --\n/m;
const LOG_END = /^-- END PROG LOAD LOG --$/m;
const FAILED_PROGRAM = /^libbpf: prog '([^']*)': (?:BPF program load failed|failed to load)/m;
const FAILED_MAP = /^(?:libbpf: )?map '([^']*)'(?:: failed to create| is refused)/m;

/** The limit of locked memory, which libbpf names for each EPERM: kernels since 5.11 do not have it. */
const MISLEADING =
  /^libbpf: (?:Failed to bump RLIMIT_MEMLOCK|Error in bpf_object__probe_loading\(\)|permission error while running as root).*\n?/gm;

/** A verifier's log without a reason: programs of a kind that the kernel lacks do not get to it. */
const SAYS_NOTHING = /^(?:processed 0 insns .*)?$/;

const RIGHTS_HINT =
  "run as root, or give the binary CAP_BPF and CAP_PERFMON; in a container, its seccomp profile must allow bpf(2)";

const LOAD_CAUSES: readonly Cause[] = [
  ...REFUSALS,
  {
    errno: errno("EPERM"),
    log: /^the program names map -?\d+, which is refused/m,
    reason: "it names a map that is not the object's",
    hint: "instructions name maps by relocations, as clang makes them, never by numbers",
  },
  {
    log: /kernel BTF is missing|failed to find valid kernel BTF|Error loading vmlinux BTF/,
    reason: "the kernel has no type information",
    hint: "this kernel has no type information at /sys/kernel/btf/vmlinux: " +
      "it needs CONFIG_DEBUG_INFO_BTF=y (Linux 5.4 or newer)",
  },
  {
    errno: errno("EPERM"),
    log: /permission error while running as root/,
    hint: "even root needs CAP_BPF and CAP_PERFMON, which containers drop; " +
      "lockdown, or a kernel without this kind of program, refuses it too",
  },
  { errno: errno("EPERM"), hint: RIGHTS_HINT },
  {
    errno: errno("ENOMEM"),
    log: FAILED_MAP,
    hint: "lower max_entries: times the size of an entry, it exceeds the available memory",
  },
  { log: FAILED_MAP, hint: "this kernel does not support the map's type, sizes or flags" },
  {
    log: /failed to find kernel BTF type ID of|not found in kernel or module BTFs/,
    reason: "not in this kernel",
    hint: "this kernel lacks a function, tracepoint or variable that the program names",
  },
  {
    log: /failed to open system Kconfig/,
    reason: "no file has the kernel's configuration",
    hint: "the object reads CONFIG_ values: run modprobe configs for /proc/config.gz, or install " +
      "/boot/config-RELEASE or /lib/modules/RELEASE/config (RELEASE: uname -r)",
  },
  {
    log: /CO-RE relocating|failed to resolve CO-RE relocation|<invalid CO-RE/,
    hint: "this kernel lacks a type, field or function that the program needs",
  },
  {
    errno: errno("E2BIG"),
    reason: "too long or too complex",
    hint: "the verifier gives up after a million steps: shorten loops, or split the program",
  },
  {
    log: LOG_END,
    reason: "the verifier refused it",
    hint: "see the verifier's last lines for the place and the reason",
  },
  {
    log: /attach program FD is not set/,
    reason: "no program to extend",
    hint:
      "freplace programs take the place of a function of another program, which a module cannot name",
  },
  {
    errno: errno("EINVAL"),
    log: /missing BPF prog type/,
    hint: "rename the section: libbpf does not recognize a type of program in it",
  },
  {
    errno: errno("EINVAL"),
    log: /unknown program type|not supported/i,
    hint: "this kernel may lack the program's type",
  },
];

function findCause(number: number, log: string): Cause | undefined {
  return LOAD_CAUSES.find((cause) =>
    (cause.errno === undefined || cause.errno === -number) && (cause.log?.test(log) ?? true)
  );
}

/** Facts that explain a failed load better than its log. */
export interface LoadKnowledge {
  /** Returns the features that the kernel lacks for the program of that name, if known. */
  lacking?: (program: string) => string | undefined;
  /** Permissions of the programs. */
  policy?: Policy | undefined;
}

/**
 * Explains a failure of `bpf_object__load`.
 * @param number the negative errno it returned
 * @param log libbpf's log of the load; it becomes the error's detail
 */
export function diagnoseLoad(
  number: number,
  log: string,
  { lacking = () => undefined, policy }: LoadKnowledge = {},
): BpfError {
  const said = -number === errno("EPERM") ? log.replaceAll(MISLEADING, "") : log;
  const verifier = verifierLog(said);
  const program = verifier?.program ?? FAILED_PROGRAM.exec(log)?.[1];
  const map = FAILED_MAP.exec(log)?.[1];
  const op = program !== undefined
    ? `load program "${program}"`
    : map !== undefined
    ? `create map "${map}"`
    : "load the eBPF object";
  const refusal = policy !== undefined && -number === errno("EPERM")
    ? explainRefusal(policy, log)
    : undefined;
  if (refusal !== undefined) {
    const { hint, detail } = refusal;
    return new BpfError(op, number, {
      reason: `${errnoName(number)} (${refusal.reason})`,
      ...{ hint, detail },
    });
  }
  const isSilent = verifier === undefined || SAYS_NOTHING.test(verifier.text.trim());
  const lack = program !== undefined && isSilent ? lacking(program) : undefined;
  const cause = findCause(number, log);
  const reason = typeof cause?.reason === "function" ? cause.reason(log) : cause?.reason;
  return new BpfError(op, number, {
    // A verifier that gave no reason did not get to one.
    reason: reason === undefined || lack !== undefined && verifier !== undefined
      ? undefined
      : `${errnoName(number)} (${reason})`,
    hint: lack ?? cause?.hint,
    detail: verifier !== undefined && isSilent
      ? ""
      : (verifier?.text ?? withoutPrefix(said)).trimEnd(),
  });
}

/** The verifier's own words. Their beginning is missing when they were too many to be kept. */
function verifierLog(log: string): { program: string | undefined; text: string } | undefined {
  const end = log.search(LOG_END);
  if (end < 0) return undefined;
  const before = log.slice(0, end);
  const begin = LOG_BEGIN.exec(before);
  const start = begin === null ? 0 : begin.index + begin[0].length;
  return { program: begin?.[1], text: before.slice(start) };
}

/** Explains a failure of `bpf_object__open_mem`. */
export function diagnoseOpen(number: number, log: string): BpfError {
  return new BpfError("open the eBPF object", number, {
    hint: openHint(number, log),
    detail: withoutPrefix(log).trimEnd(),
  });
}

/** Explains a failure to write global variables. */
export function diagnoseGlobal(
  number: number,
  section: string,
  offset: number,
  sizeBytes: number,
): BpfError {
  const reasons = new Map([
    [errno("ENOENT"), "the eBPF object has no such section of global variables"],
    [errno("ERANGE"), `the section does not have ${sizeBytes} bytes at offset ${offset}`],
    [errno("EPERM"), "read-only data cannot change once the object is loaded"],
  ]);
  const reason = reasons.get(-number);
  return new BpfError(
    `set global variables in "${section}"`,
    number,
    reason === undefined ? {} : { reason },
  );
}

/** Explains a failure to set something of a program or map. */
export function diagnoseConfigure(number: number, name: string): BpfError {
  const reasons = new Map([
    [errno("ENOENT"), "the eBPF object has no program or map of that name"],
    [errno("EBUSY"), "it can be set until the object is loaded"],
    [errno("EINVAL"), "that cannot be set, or not to this value"],
  ]);
  const reason = reasons.get(-number);
  return new BpfError(`configure "${name}"`, number, reason === undefined ? {} : { reason });
}

/** Explains a failure to set a program's target. */
export function diagnoseSetTarget(number: number, name: string, target: string): BpfError {
  const reasons = new Map([
    [errno("ENOENT"), "the eBPF object has no program of that name"],
    [errno("EBUSY"), "the object is loaded already"],
    [errno("EINVAL"), "only tracing and LSM programs are for a kernel function or hook"],
    [errno("ESRCH"), "the kernel has no such function or hook"],
  ]);
  const reason = reasons.get(-number);
  return new BpfError(
    `set the target of program "${name}" to "${target}"`,
    number,
    reason === undefined ? {} : { reason },
  );
}

/**
 * Explains a failure to attach a program.
 *
 * @param known what the caller knows better: where to, what the errno means there, what to do ("" for
 *   nothing)
 */
export function diagnoseAttach(
  program: { name: string; section: string },
  number: number,
  log: string,
  known: { target?: string; reason?: string | undefined; hint?: string | undefined } = {},
): BpfError {
  const section = program.section === program.name ? "" : program.section;
  const where = known.target || section;
  const place = where === "" ? "" : ` to "${where}"`;
  return new BpfError(`attach program "${program.name}"${place}`, number, {
    reason: known.reason,
    hint: (known.hint ?? attachHint(number, program.section)) || undefined,
    detail: withoutPrefix(log).trimEnd(),
  });
}

function attachHint(number: number, section: string): string | undefined {
  switch (-number) {
    case errno("EPERM"):
    case errno("EACCES"):
      return /^(tp|tracepoint)\//.test(section)
        ? "run as root; else a tracepoint needs CAP_BPF, CAP_PERFMON and a mounted tracefs that the " +
          "process may read (CAP_DAC_READ_SEARCH)"
        : RIGHTS_HINT;
    case errno("EOPNOTSUPP"):
      return "the section's name has no place to attach the program to";
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
