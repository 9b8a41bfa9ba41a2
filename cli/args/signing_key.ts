/** The key of `--sign-key`. */
import { HostError } from "../../ffi/errors.ts";
import { PrivateKey, TrustError } from "../../oci/mod.ts";
import { fileFailure, IrregularFile, readRegularFile } from "../../oci/paths/mod.ts";
import { ask } from "../terminal/prompt.ts";

/** Environment variable with the key's password: the one that cosign has. */
const PASSWORD = "COSIGN_PASSWORD";

/** A key file of more is none. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a key to sign with, and asks for its password where it needs one that is not in the
 * environment.
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
  return new TrustError(`Cannot use the key ${path}: ${reason}`, {
    code: "BAD_KEY",
    hint: "check the path; cosign generate-key-pair makes cosign.key, which is such a file",
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
      `Cannot use the key ${path}: its password is not known, and standard input is no terminal`,
      {
        code: "BAD_PASSWORD",
        hint: `put it into the environment variable ${PASSWORD}`,
        cause,
      },
    );
  }
}
