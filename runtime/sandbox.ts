/**
 * The second wall around a guest. The first: it can name only what it was given. `docs/sandbox.md`
 * lists what each wall prevents.
 */
import {
  confinement,
  describeErrno,
  errno,
  type Grant,
  landlockVersion,
  seccompAvailability,
} from "../ffi/mod.ts";
import { HostError } from "../ffi/errors.ts";

/** Confinement of a guest's thread. */
export interface Sandbox {
  /** True if a kernel without Landlock or seccomp is an error. */
  isRequired: boolean;
  /**
   * True if the process runs nothing but this guest: then Deno's permissions are given up, too, which
   * all threads share.
   */
  isAlone: boolean;
}

/** Resources that the confinement leaves reachable. */
interface Confinement extends Sandbox {
  /** Folders that the guest was given. */
  grants: readonly Grant[];
  /** Gets what the kernel cannot keep the guest from. */
  onNotice: (text: string) => void;
}

/** Features that versions of Landlock added, in words that complete "cannot keep the guest from". */
const LATER: readonly (readonly [version: number, what: string])[] = [
  [3, "truncating files by their path"],
  [4, "opening TCP connections"],
  [5, "controlling devices"],
  [6, "sending signals"],
];

/** All but `ffi`, which calls of the shim ask for. */
const PERMISSIONS = ["read", "write", "net", "env", "run", "sys", "import"] as const;

/** Moving between folders is what the first version cannot allow. */
const VERSION_WITH_MOVES = 2;

/**
 * Confines this thread for good, before a guest's first instruction, as far as the kernel goes: to the
 * grants by Landlock, then without capabilities, last to a list of system calls.
 *
 * @throws {HostError} `LANDLOCK` or `SECCOMP` where it is required and missing, or fails; `SANDBOX` for
 *   the rest
 */
export function enterSandbox(wanted: Confinement): void {
  if (wanted.isAlone) PERMISSIONS.forEach((name) => Deno.permissions.revokeSync({ name }));
  const started = confinement.startBroker();
  if (started < 0) throw notConfined("SANDBOX", started);
  const seccomp = seccompAvailability();
  if (wanted.isAlone && seccomp >= 0) limitOthers(wanted);
  limitPaths(wanted);
  const reduced = confinement.reduceCapabilities(wanted.grants);
  if (reduced < 0) throw notConfined("SANDBOX", reduced);
  limitCalls(wanted, seccomp);
}

/**
 * Gives up the rights that a process does not need that serves what another sends it: capabilities,
 * files, programs, and connections unless it makes some. Its sockets are open by now.
 *
 * @param options.readsFiles true for one that goes on reading files of its user
 * @returns what could not be given up
 */
export function limitServer(
  { connects, readsFiles = false }: { connects: boolean; readsFiles?: boolean },
): string[] {
  const kept = [
    ...(connects ? ["net", "env", "sys"] : []),
    // Locks are files that are opened for writing; owners are compared with the user.
    ...(readsFiles ? ["read", "write", "sys"] : []),
  ];
  const notices: string[] = [];
  const note = (what: string, result: number) => {
    if (result < 0) {
      notices.push(`the process of metrics and page keeps ${what}: ${describeErrno(result)}`);
    }
  };
  note("its capabilities", confinement.reduceCapabilities([]));
  // Connections need files: certificates, and how names are looked up.
  if (!connects && !readsFiles) note("its access to files", confinement.limitPaths([]));
  for (const name of PERMISSIONS) {
    if (!kept.includes(name)) Deno.permissions.revokeSync({ name });
  }
  return notices;
}

/** Confines V8's own threads. They run no guest code, so a failure is a notice, not an error. */
function limitOthers({ onNotice }: Confinement): void {
  const left = confinement.limitOthers();
  if (left === 0) return;
  const why = left < 0 ? describeErrno(left) : `${left} threads do not respond`;
  onNotice(`V8's own threads are not confined: ${why}`);
}

function limitPaths({ grants, isRequired, onNotice }: Confinement): void {
  const version = confinement.limitPaths(grants);
  if (version >= 0) {
    for (const text of shortcomings(version, grants)) onNotice(text);
    return;
  }
  const isMissing = landlockVersion() < 0;
  if (isRequired || !isMissing) throw notConfined("LANDLOCK", version, isMissing);
  onNotice(
    `Landlock is missing (${describeErrno(version)}): ` +
      "what the guest can reach is kept by the resolution of its paths alone",
  );
}

function limitCalls({ grants, isRequired, onNotice }: Confinement, available: number): void {
  const result = available < 0 ? available : confinement.limitCalls(grants);
  if (result >= 0) return;
  if (isRequired || available >= 0) throw notConfined("SECCOMP", result, available < 0);
  onNotice(
    `seccomp is missing (${describeErrno(result)}): the guest's thread may make any system call ` +
      "that takes no capability",
  );
}

/** Lists what a version of Landlock lacks of the requested confinement, for `--verbose`. */
export function shortcomings(version: number, grants: readonly Grant[]): string[] {
  const lacking = LATER.filter(([since]) => version < since).map(([, what]) => what);
  const notes = lacking.length === 0
    ? []
    : [`Landlock ${version} of this kernel does not keep the guest from ${lacking.join(", ")}`];
  if (version < VERSION_WITH_MOVES && grants.some(({ isWritable }) => isWritable)) {
    notes.push(`Landlock ${version} of this kernel lets the guest move files within a folder only`);
  }
  return notes;
}

/** Parts of the wall that can be missing: what they are called, and what they need. */
const PARTS = {
  LANDLOCK: [
    " with Landlock",
    "it needs Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, and landlock in the list of active " +
    "security modules (lsm=landlock,… on the kernel's command line)",
  ],
  SECCOMP: [" with seccomp", "it needs a kernel with CONFIG_SECCOMP_FILTER"],
  SANDBOX: ["", undefined],
} as const;

const HINTS = new Map([
  [errno("EPERM"), "a container's filter of system calls may forbid it"],
  [errno("E2BIG"), "a process can be confined 16 times over: is wasm-bpf started by one that was?"],
  [
    errno("EAGAIN"),
    "it takes one more thread: ulimit -u and pids.max of the cgroup are the limits",
  ],
]);

function notConfined(code: keyof typeof PARTS, number: number, isMissing = false): HostError {
  const [part, needs] = PARTS[code];
  return new HostError(`Cannot confine the guest${part}: ${describeErrno(number)}`, {
    code,
    hint: HINTS.get(-number) ?? (isMissing ? needs : undefined),
  });
}
