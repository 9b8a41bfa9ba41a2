/** Audit of runs by root: one line to the machine's log, and the set of what was granted. */
import { createHash } from "node:crypto";
import { type Permissions, Policy } from "../../ebpf/mod.ts";
import { describeErrno, type GuestModule, loginUid, sendToLog } from "../../runtime/command.ts";
import type { Origin } from "../../oci/stored.ts";

/** Socket of syslog and of the journal. */
const LOG = "/dev/log";

/** Facility authpriv (10), severity info (6): RFC 3164. */
const PRIORITY = 10 * 8 + 6;

/** Longest value in the line, in characters: names are their authors' choice. */
const MAX_VALUE = 512;

/** Loginuid of a process that nobody logged in to: the kernel's -1. */
const UNSET = 4294967295;

/** Permissions that hold for a run, for statistics and the log. */
export interface GrantedSet {
  /** Levels that are allowed. */
  readonly levels: readonly string[];
  /** Places that are allowed; absent for every place of these levels. */
  readonly places?: readonly string[];
  /** Levels, helpers, kernel functions and places that are refused. */
  readonly denied: readonly string[];
  /** Helpers and kernel functions that are allowed by name. */
  readonly named: readonly string[];
  /** Rules of policies in force. */
  readonly policies: readonly string[];
}

/** Returns what is granted by permissions. */
export function grantedSet(permissions: Permissions): GrantedSet {
  const all = [permissions, ...permissions.within ?? []];
  const places = all.flatMap(({ allowAttach = [] }) => allowAttach);
  return {
    levels: new Policy(permissions).levels,
    ...(places.length === 0 ? {} : { places }),
    denied: all.flatMap(({ denyBpf = [], denyHelper = [], denyKfunc = [], denyAttach = [] }) => [
      ...denyBpf,
      ...denyHelper,
      ...denyKfunc,
      ...denyAttach,
    ]),
    named: [...permissions.allowHelper ?? [], ...permissions.allowKfunc ?? []],
    policies: (permissions.within ?? []).map(({ source }) => source),
  };
}

/**
 * Writes the line of a run, if root runs it.
 *
 * @param path socket of the log; for tests
 * @returns a note when the line could not be written; undefined otherwise
 */
export function auditRun(
  module: Pick<GuestModule, "bytes" | "name">,
  permissions: Permissions,
  { origin, path = LOG }: { origin?: Origin | undefined; path?: string } = {},
): string | undefined {
  if (Deno.uid() !== 0) return undefined;
  const result = sendToLog(path, auditLine(module, permissions, origin));
  return result === 0 ? undefined : `this run is in no log: ${path}: ${describeErrno(result)}`;
}

/** Returns the line; values are quoted, so that no name looks like another member. */
export function auditLine(
  { bytes, name }: Pick<GuestModule, "bytes" | "name">,
  permissions: Permissions,
  origin?: Origin,
): string {
  const { levels, places, denied, policies } = grantedSet(permissions);
  const members: [string, string | undefined][] = [
    ["module", quoted(origin === undefined ? name : `${origin.repository} (${name})`)],
    ["digest", origin?.digest ?? `sha256:${createHash("sha256").update(bytes).digest("hex")}`],
    ["signer", origin === undefined ? undefined : signers(origin)],
    ["uid", "0"],
    ["loginuid", userOfLogin()],
    ["sudo_user", optional(Deno.env.get("SUDO_USER"))],
    ["levels", levels.join(",") || "none"],
    ["places", places === undefined ? "any" : quoted(places.join(","))],
    ["denied", denied.length === 0 ? undefined : quoted(denied.join(","))],
    ["policy", policies.length === 0 ? undefined : quoted(policies.join(", "))],
  ];
  const text = members.flatMap(([key, value]) => value === undefined ? [] : [`${key}=${value}`]);
  return `<${PRIORITY}>wasm-bpf[${Deno.pid}]: run ${text.join(" ")}`;
}

function signers({ signers }: Origin): string {
  return signers.length === 0
    ? "none"
    : quoted(signers.map(({ name, fingerprint }) => `${name} ${fingerprint}`).join(", "));
}

function optional(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : quoted(value);
}

/** JSON's quotes, without control characters and what terminals would interpret. */
function quoted(text: string): string {
  const cut = text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}…`;
  // Most values are ASCII, and V8 takes 0.2 ms to prepare the other expression.
  const isPlain = /^[ -~]*$/.test(cut);
  return JSON.stringify(isPlain ? cut : cut.replaceAll(/[\p{C}\u2028\u2029]/gu, "?"));
}

function userOfLogin(): string | undefined {
  const uid = loginUid();
  if (uid === UNSET) return "unset";
  return uid < 0 ? undefined : `${uid}`;
}
