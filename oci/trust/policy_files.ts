/** The policies of this machine and this user, and the keys that they name. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { homeFolder } from "../store/location.ts";
import { TrustError } from "./errors.ts";
import { Policy } from "./policy.ts";
import { badKey, MAX_KEY_BYTES, PublicKey } from "./public_key.ts";

/** The policy that holds for everybody on this machine. */
const SYSTEM_POLICY = "/etc/wasm-bpf/policy.json";

const WORLD_WRITE = 0o002;
const MAX_POLICY_BYTES = 2 ** 20;

/**
 * Where policies are looked for: the machine's, and the one of the user as whom wasm-bpf runs, in
 * `XDG_CONFIG_HOME` or `~/.config`. Every one that is there must be satisfied.
 *
 * A folder of `XDG_CONFIG_HOME` that is not there or another's, which sudo may have kept, does not hide
 * the user's own.
 */
export function policyPaths(): string[] {
  const given = Deno.env.get("XDG_CONFIG_HOME");
  const home = homeFolder();
  // The XDG base directory specification has relative paths ignored.
  const config = given !== undefined && isAbsolute(given) && isOurs(given)
    ? given
    : home && join(home, ".config");
  return [SYSTEM_POLICY, ...(config === undefined ? [] : [join(config, "wasm-bpf/policy.json")])];
}

function isOurs(folder: string): boolean {
  try {
    return Deno.statSync(folder).uid === Deno.uid();
  } catch {
    return false;
  }
}

/**
 * The paths at which there is something. A link that leads nowhere counts, so that a policy which has
 * gone missing is an error rather than no policy.
 */
export function policiesThere(paths: readonly string[] = policyPaths()): string[] {
  return [...new Set(paths)].filter((path) => {
    try {
      Deno.lstatSync(path);
      return true;
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
    }
  });
}

/**
 * Reads a policy.
 *
 * @throws {TrustError} `BAD_POLICY`, also when others than this user and root can write to it
 */
export function readPolicy(path: string): Policy {
  return Policy.parse(readOwn(path, { what: `the policy ${path}`, code: "BAD_POLICY" }), path);
}

/**
 * Reads a key that a policy names.
 *
 * @param given PEM, or the path of a file of it, from the policy's folder on
 * @throws {TrustError} `BAD_KEY`, also when others than this user and root can write to it
 */
export function readPolicyKey(given: string, policy: string): PublicKey {
  if (given.trimStart().startsWith("-----BEGIN")) return PublicKey.parse(given, `in ${policy}`);
  const path = resolve(dirname(policy), given);
  const bytes = readOwn(path, { what: `the key ${path} of ${policy}`, code: "BAD_KEY" });
  return PublicKey.parse(new TextDecoder().decode(bytes), path);
}

/**
 * Reads a key that was given by hand.
 *
 * @throws {TrustError} `BAD_KEY`
 */
export function readKeyFile(path: string): PublicKey {
  let pem: string;
  try {
    if (Deno.statSync(path).size > MAX_KEY_BYTES) throw badKey(path, "it is too large");
    pem = Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof TrustError) throw cause;
    throw badKey(
      path,
      reasonOf(cause),
      "check the path; cosign generate-key-pair makes cosign.pub, which is such a file",
      cause,
    );
  }
  return PublicKey.parse(pem, path);
}

/** Reads a file that nobody else may have written: whoever can decides who is trusted. */
function readOwn(
  path: string,
  failure: { what: string; code: "BAD_POLICY" | "BAD_KEY" },
): Uint8Array {
  const { what, code } = failure;
  const fail = (reason: string, hint: string, cause?: unknown) =>
    new TrustError(`Cannot use ${what}: ${reason}`, { code, hint, cause });
  try {
    const { uid, mode, size, isFile } = Deno.statSync(path);
    if (!isFile) throw fail("it is no file", "put a file there, or take it away");
    if (size > MAX_POLICY_BYTES) throw fail("it is too large", "docs/trust.md has its form");
    if (uid !== 0 && uid !== Deno.uid()) {
      throw fail(`it belongs to user ${uid}`, `chown root ${path}, if what it says is right`);
    }
    if (((mode ?? 0) & WORLD_WRITE) !== 0) {
      throw fail("everybody can write to it", `chmod o-w ${path}, if what it says is right`);
    }
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof TrustError) throw cause;
    throw fail(reasonOf(cause), "nothing is used until it can be read", cause);
  }
}

/** Deno adds a number, the system call and the path, which the error's text names already. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/: \w+ '[^]*$/, "").replace(/ \(os error \d+\)$/, "");
}
