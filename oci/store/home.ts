/** Home directories of users. */
import { isAbsolute } from "node:path";

/**
 * Returns the home directory of the effective user.
 *
 * Uses `HOME` if it belongs to that user; if it is missing or another user's, passwd(5) decides.
 */
export function homeFolder(): string | undefined {
  const home = Deno.env.get("HOME");
  if (home !== undefined && isAbsolute(home) && isOurs(home)) return home;
  const own = passwdHome(Deno.uid() ?? 0);
  if (own !== undefined) return own;
  return home !== undefined && isAbsolute(home) ? home : undefined;
}

function isOurs(path: string): boolean {
  try {
    return Deno.statSync(path).uid === Deno.uid();
  } catch {
    return false;
  }
}

/** The home folder that passwd(5) has for a user. */
export function passwdHome(uid: number): string | undefined {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    const home = lines.find((fields) => fields[2] === String(uid))?.[5];
    return home !== undefined && isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
