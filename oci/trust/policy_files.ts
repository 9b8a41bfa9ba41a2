/** Policy files of the machine and the user, and their key files. */
import { dirname, resolve } from "node:path";
import { fileFailure } from "../errors.ts";
import { IrregularFile, readRegularFile } from "../paths/regular_file.ts";
import { folderObjection, isSharedFolder, linkObjection } from "../paths/trust.ts";
import { walk } from "../paths/walk.ts";
import { TrustError } from "./errors.ts";
import { Policy } from "./policy.ts";
import { badKey, MAX_KEY_BYTES, PublicKey } from "./public_key.ts";

export { policiesThere, policyPaths, userPolicyPath } from "./policy_paths.ts";

/** Write permission of the group and of every user. */
const SHARED_WRITE = 0o022;
const MAX_POLICY_BYTES = 2 ** 20;

/**
 * Reads a policy.
 *
 * @throws {TrustError} `BAD_POLICY`, also when users other than this one and root can write to it
 */
export function readPolicy(path: string): Policy {
  return Policy.parse(readOwn(path, { what: `the policy ${path}`, code: "BAD_POLICY" }), path);
}

/**
 * Reads a key that a policy names.
 *
 * @param given PEM, or the path of a PEM file, relative to the policy's directory
 * @throws {TrustError} `BAD_KEY`, also when users other than this one and root can write to it
 */
export function readPolicyKey(given: string, policy: string): PublicKey {
  if (given.trimStart().startsWith("-----BEGIN")) return PublicKey.parse(given, `in ${policy}`);
  const path = resolve(dirname(policy), given);
  const bytes = readOwn(path, { what: `the key ${path} of ${policy}`, code: "BAD_KEY" });
  return PublicKey.parse(new TextDecoder().decode(bytes), path);
}

/**
 * Reads a key from an option.
 *
 * @throws {TrustError} `BAD_KEY`
 */
export function readKeyFile(path: string): PublicKey {
  try {
    const { bytes } = readRegularFile(path, { maxBytes: MAX_KEY_BYTES });
    return PublicKey.parse(new TextDecoder().decode(bytes), path);
  } catch (cause) {
    if (cause instanceof TrustError) throw cause;
    const hint = "check the path; cosign generate-key-pair creates cosign.pub";
    throw badKey(path, reasonOf(cause), hint, cause);
  }
}

/**
 * Reads a file that only root and this user can change or replace: such a user controls who is trusted.
 * Owner and mode are those of the open file; directories and links of the path are checked first.
 */
export function readOwn(
  path: string,
  failure: { what: string; code: "BAD_POLICY" | "BAD_KEY" | "BAD_GRANTS" },
): Uint8Array {
  const { what, code } = failure;
  const fail = (reason: string, hint: string, cause?: unknown) =>
    new TrustError(`Cannot use ${what}: ${reason}`, { code, hint, cause });
  const refuse = (reason: string | undefined) => {
    if (reason !== undefined) {
      throw fail(reason, "check the content, then chown root and chmod go-w");
    }
  };
  try {
    const { folder } = walk(path, {
      folder: (at, info) => refuse(folderObjection(at, info)),
      link: (at, info) => refuse(linkObjection(at, info)),
    });
    // The sticky bit protects existing files, but other users can create a missing one.
    if (folder !== undefined && isSharedFolder(folder)) {
      refuse("other users can create files in its directory");
    }
    const { bytes } = readRegularFile(path, {
      maxBytes: MAX_POLICY_BYTES,
      admit({ uid, mode }) {
        if (uid !== 0 && uid !== Deno.uid()) {
          throw fail(`it belongs to user ${uid}`, `check its content, then chown root ${path}`);
        }
        if ((mode & SHARED_WRITE) !== 0) {
          throw fail("other users can write to it", `check its content, then chmod go-w ${path}`);
        }
      },
    });
    return bytes;
  } catch (cause) {
    if (cause instanceof TrustError) throw cause;
    throw fail(reasonOf(cause), "make it readable; nothing is used before", cause);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof IrregularFile ? cause.message : fileFailure(cause).reason;
}
