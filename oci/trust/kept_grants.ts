/**
 * Permissions that a user granted for good, by repository and signer.
 *
 * A name alone is not enough: another module can be pushed under it. A signed artifact is known by its
 * repository and the key, an unsigned one by its repository and digest.
 */
import { dirname, join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { ArtifactError, fileFailure } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { IrregularFile } from "../paths/regular_file.ts";
import { Replacement, resolveForWriting } from "../paths/replacement.ts";
import { formatReference } from "../reference.ts";
import { canonicalRegistry } from "../registry_name.ts";
import { TrustError } from "./errors.ts";
import type { Named } from "./policy.ts";
import { policiesThere, readOwn, userPolicyPath } from "./policy_files.ts";

/** Artifact, as grants know it. */
export interface Origin {
  /** Registry and repository, or an address without its query. */
  readonly repository: string;
  /** Digest of the manifest, or of the bytes of what is not from a registry. */
  readonly digest: string;
  /** Keys whose signatures were verified. */
  readonly signers: readonly Signer[];
  /** Permissions that the manifest asks for, as it has them; undefined for one that does not. */
  readonly asked?: string | undefined;
}

/** Key that a signature was verified with. */
export interface Signer {
  /** SHA-256 of the key in its DER form, base64. */
  readonly fingerprint: string;
  /** Name of the key in messages, such as its file. */
  readonly name: string;
}

/** One kept grant. */
export interface KeptGrant {
  /** Registry and repository, without a tag. */
  readonly repository: string;
  /** Fingerprint of the signer; undefined for an unsigned artifact, which has a digest. */
  readonly key?: string;
  /** Digest of an unsigned artifact. */
  readonly digest?: string;
  /** Levels that are allowed. */
  readonly levels: readonly string[];
  /** Kernel functions that are allowed by name. */
  readonly kfuncs: readonly string[];
  /** Time of the grant, ISO 8601. */
  readonly since: string;
}

/** Returns the name by which grants know a repository: without tag and digest. */
export function repositoryOf({ registry, repository }: Named): string {
  return formatReference({ registry: canonicalRegistry(registry), repository });
}

const LIMITS = { bytes: 2 ** 20, depth: 8, members: 20_000 };
const VERSION = 1;

/**
 * Returns the file of kept grants, next to the user's policy.
 *
 * @throws {TrustError} `BAD_GRANTS` without a home folder
 */
export function grantsPath(): string {
  const policy = userPolicyPath();
  if (policy !== undefined) return join(dirname(policy), "grants.json");
  throw new TrustError("Cannot find the kept grants: HOME is not set", {
    code: "BAD_GRANTS",
    hint: "set HOME, or XDG_CONFIG_HOME to the folder that holds them",
  });
}

/**
 * Reads all kept grants; returns none without a file.
 *
 * @throws {TrustError} `BAD_GRANTS`, also when other users can write to the file or exchange it
 */
export function readGrants(path: string = grantsPath()): KeptGrant[] {
  if (policiesThere([path]).length === 0) return [];
  const what = `the kept grants ${path}`;
  const bytes = readOwn(path, { what, code: "BAD_GRANTS" });
  try {
    const json = readJson(bytes, { what, code: "BAD_GRANTS", limits: LIMITS });
    if (json.count("version") !== VERSION) throw json.error("version", `is not ${VERSION}`);
    return (json.objects("grants") ?? []).map(readGrant);
  } catch (cause) {
    if (!(cause instanceof ArtifactError)) throw cause;
    const hint = "remove the file, or correct it: nothing in it is used until then";
    throw new TrustError(cause.message, { code: "BAD_GRANTS", hint, cause });
  }
}

function readGrant(json: JsonObject): KeptGrant {
  const key = json.string("key");
  const digest = json.string("digest");
  if ((key === undefined) === (digest === undefined)) {
    throw json.error("key", "and digest: exactly one of them is needed");
  }
  return {
    repository: json.requiredString("repository"),
    ...(key === undefined ? {} : { key }),
    ...(digest === undefined ? {} : { digest }),
    levels: json.strings("levels") ?? [],
    kfuncs: json.strings("kfuncs") ?? [],
    since: json.string("since") ?? "",
  };
}

/** Returns the grants that hold for an artifact. */
export function grantsFor(
  origin: Origin,
  grants: readonly KeptGrant[] = readGrants(),
): KeptGrant[] {
  return grants.filter((grant) =>
    grant.repository === origin.repository && (
      grant.key === undefined
        ? grant.digest === origin.digest
        : origin.signers.some(({ fingerprint }) => fingerprint === grant.key)
    )
  );
}

/**
 * Keeps a grant for an artifact: for its first signer, or for its digest when it is not signed.
 *
 * @throws {TrustError} `BAD_GRANTS`, `UNSAFE_PATH` or an errno name
 */
export function keepGrant(
  origin: Origin,
  { levels, kfuncs, now = new Date() }: {
    levels: readonly string[];
    kfuncs: readonly string[];
    now?: Date;
  },
): KeptGrant {
  const [signer] = origin.signers;
  const identity = signer === undefined ? { digest: origin.digest } : { key: signer.fingerprint };
  return changeGrants((grants) => {
    const { repository } = origin;
    const isSame = (one: KeptGrant) =>
      one.repository === repository && one.key === identity.key && one.digest === identity.digest;
    const before = grants.filter(isSame);
    const kept: KeptGrant = {
      repository,
      ...identity,
      levels: [...new Set([...before.flatMap((one) => one.levels), ...levels])],
      kfuncs: [...new Set([...before.flatMap((one) => one.kfuncs), ...kfuncs])],
      since: now.toISOString(),
    };
    return { grants: [...grants.filter((one) => !isSame(one)), kept], result: kept };
  });
}

/**
 * Removes grants.
 *
 * @returns those that were removed
 * @throws {TrustError} `BAD_GRANTS`, `UNSAFE_PATH` or an errno name
 */
export function revokeGrants(isRevoked: (grant: KeptGrant) => boolean): KeptGrant[] {
  if (!readGrants().some(isRevoked)) return [];
  return changeGrants((grants) => ({
    grants: grants.filter((grant) => !isRevoked(grant)),
    result: grants.filter(isRevoked),
  }));
}

/** Reads, changes and replaces the file, while no other process does. */
function changeGrants<T>(
  change: (grants: readonly KeptGrant[]) => { grants: readonly KeptGrant[]; result: T },
): T {
  const path = grantsPath();
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Refuses a folder or a link of another user before anything is made there.
    const lockPath = `${path}.lock`;
    resolveForWriting(path);
    const { path: lockAt } = resolveForWriting(lockPath);
    using lock = Deno.openSync(lockAt, { read: true, write: true, create: true, mode: 0o600 });
    lock.lockSync(true);
    const { grants, result } = change(readGrants(path));
    const text = `${JSON.stringify({ version: VERSION, grants }, null, 2)}\n`;
    using file = new Replacement(resolveForWriting(path), { mode: 0o600, keepMode: false });
    file.write(new TextEncoder().encode(text));
    file.finish();
    return result;
  } catch (cause) {
    if (cause instanceof TrustError) throw cause;
    if (cause instanceof HostError) {
      throw new TrustError(cause.message, { code: cause.code, hint: cause.hint, cause });
    }
    const { code, reason } = cause instanceof IrregularFile
      ? { code: cause.code, reason: cause.message }
      : fileFailure(cause);
    throw new TrustError(`Cannot write "${path}": ${reason}`, { code, cause });
  }
}
