/** Places of policy files. */
import { isAbsolute, join } from "node:path";
import { homeFolder, passwdHome } from "../store/location.ts";

/** Policy for all users of the machine. */
const SYSTEM_POLICY = "/etc/wasm-bpf/policy.json";

/**
 * Returns the paths of policies: that of the machine, and that of the current user, in
 * `XDG_CONFIG_HOME` or `~/.config`. Every existing policy must be satisfied.
 *
 * An `XDG_CONFIG_HOME` that does not exist or belongs to another user, as sudo may keep it, does not hide
 * the user's own. No variable hides the policy in root's home directory of passwd(5).
 */
export function policyPaths(): string[] {
  const given = Deno.env.get("XDG_CONFIG_HOME");
  const home = homeFolder();
  // The XDG base directory specification requires that relative paths are ignored.
  const config = given !== undefined && isAbsolute(given) && isOurs(given)
    ? given
    : home && join(home, ".config");
  const roots = Deno.uid() === 0 ? passwdHome(0) : undefined;
  const folders = [config, roots && join(roots, ".config")].filter((path) => path !== undefined);
  return [SYSTEM_POLICY, ...new Set(folders.map((path) => join(path, "wasm-bpf/policy.json")))];
}

/**
 * Returns the path of the policy of the user as whom wasm-bpf runs; undefined without a home folder. For
 * root it is never below another user's `HOME`.
 */
export function userPolicyPath(): string | undefined {
  return policyPaths()[1];
}

function isOurs(folder: string): boolean {
  try {
    return Deno.statSync(folder).uid === Deno.uid();
  } catch {
    return false;
  }
}

/**
 * Returns the existing paths. A dangling link counts, so that a lost policy is an error rather than no
 * policy.
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
