/**
 * The second wall around a guest. The first is that it can name nothing but what it was given;
 * `docs/sandbox.md` says what each keeps.
 */
import { confine, describeErrno, errno, type Grant, landlockVersion } from "../ffi/mod.ts";
import { HostError } from "../ffi/errors.ts";

/** How a guest's thread is confined. */
export interface Sandbox {
  /** Whether a kernel without Landlock is an error. */
  isRequired: boolean;
  /**
   * Whether the process runs nothing but this guest: then Deno's permissions are given up, too, which
   * all threads share.
   */
  isAlone: boolean;
}

/** What it is made for. */
interface Confinement extends Sandbox {
  /** Folders that the guest was given. */
  grants: readonly Grant[];
  /** Gets what the kernel's Landlock cannot do. */
  onNotice: (text: string) => void;
}

/** What versions of Landlock brought, in words that complete "cannot keep the guest from". */
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
 * Confines this thread for good, before a guest's first instruction: to the grants, as far as the
 * kernel's Landlock goes.
 *
 * @throws {HostError} `LANDLOCK` where it is required and missing, or broken
 */
export function enterSandbox({ grants, isRequired, isAlone, onNotice }: Confinement): void {
  if (isAlone) PERMISSIONS.forEach((name) => Deno.permissions.revokeSync({ name }));
  const version = confine(grants);
  if (version >= 0) {
    for (const text of shortcomings(version, grants)) onNotice(text);
    return;
  }
  const isMissing = landlockVersion() < 0;
  if (isRequired || !isMissing) throw notConfined(version, isMissing);
  onNotice(
    `Landlock is missing (${describeErrno(version)}): ` +
      "what the guest can reach is kept by the resolution of its paths alone",
  );
}

/** What a version of Landlock lacks of what is asked of it, for `--verbose`. */
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

const MISSING_HINT =
  "it needs Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, and landlock in the list of active " +
  "security modules (lsm=landlock,… on the kernel's command line)";

const HINTS = new Map([
  [errno("EPERM"), "a container's filter of system calls may forbid it"],
  [errno("E2BIG"), "a process can be confined 16 times over: is wasm-bpf started by one that was?"],
  [
    errno("EAGAIN"),
    "it takes one more thread: ulimit -u and pids.max of the cgroup are the limits",
  ],
]);

function notConfined(number: number, isMissing: boolean): HostError {
  return new HostError(`Cannot confine the guest with Landlock: ${describeErrno(number)}`, {
    code: "LANDLOCK",
    hint: HINTS.get(-number) ?? (isMissing ? MISSING_HINT : undefined),
  });
}
