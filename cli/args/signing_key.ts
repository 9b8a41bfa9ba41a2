/** Key of `--sign-key`. */
import { HostError } from "../../ffi/errors.ts";
import { PrivateKey, TrustError } from "../../oci/mod.ts";
import { fileFailure, IrregularFile, readRegularFile } from "../../oci/paths/mod.ts";
import { ask } from "../terminal/prompt.ts";

/** Environment variable with the key's password, as in cosign. */
const PASSWORD = "COSIGN_PASSWORD";

/** Larger files are rejected. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a signing key; prompts for its password if it needs one that is not in the environment.
 *
 * @throws {TrustError} `BAD_KEY`, `BAD_PASSWORD`
 */
export async function readSigningKey(path: string): Promise<PrivateKey> {
  const pem = readKey(path);
  const password = PrivateKey.isEncrypted(pem) ? passwordFor(path) : undefined;
  return await PrivateKey.parse(pem, { name: path, password });
}

function readKey(path: string): string {
  try {
    const { bytes } = readRegularFile(path, { maxBytes: MAX_BYTES });
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    const isOurs = cause instanceof IrregularFile;
    throw badKey(path, isOurs ? cause.message : fileFailure(cause).reason, cause);
  }
}

function badKey(path: string, reason: string, cause?: unknown): HostError {
  return new TrustError(`Cannot use the key "${path}": ${reason}`, {
    code: "BAD_KEY",
    hint: "check the path; cosign generate-key-pair creates a key file, cosign.key",
    cause,
  });
}

function passwordFor(path: string): string {
  const given = Deno.env.get(PASSWORD);
  if (given !== undefined) return given;
  try {
    return ask(`Password of ${path}`, { hidden: true });
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code !== "NO_TERMINAL") throw cause;
    throw new TrustError(
      `Cannot use the key "${path}": no password given, and standard input is not a terminal`,
      {
        code: "BAD_PASSWORD",
        hint: `set the environment variable ${PASSWORD}`,
        cause,
      },
    );
  }
}
