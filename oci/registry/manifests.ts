/** Manifests of a repository (distribution specification, "Pulling manifests", "Pushing manifests"). */
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf, isDigest, splitDigest } from "../digest.ts";
import { MismatchError, RegistryError } from "../errors.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { isVagueType, parseManifest } from "../manifest.ts";
import { essence, MANIFEST_TYPES } from "../media_types.ts";
import type { Answer } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { opening } from "./failure.ts";

/** Manifest in the registry's encoding. */
export interface RawManifest {
  /** Descriptor. Its media type comes from the registry and may be generic. */
  readonly descriptor: Descriptor;
  /** Bytes, verified against the descriptor's digest. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Common options of all requests of one operation. */
export type Common = Pick<ApiRequest, "what" | "repository" | "scopes" | "signal">;

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };

/**
 * Resolves a tag or digest with HEAD, or with GET where the response to HEAD is not sufficient.
 *
 * @throws {RegistryError} `NOT_FOUND`
 */
export async function headManifest(
  connection: Connection,
  common: Common & { name: string },
): Promise<Descriptor> {
  const answer = await head(connection, common);
  if (answer === undefined) return (await getManifest(connection, common)).descriptor;
  await answer.discard();
  const digest = answer.headers.get("docker-content-digest");
  const mediaType = essence(answer.headers.get("content-type") ?? "");
  const size = answer.length ?? 0;
  if (digest === null || !isDigest(digest) || size === 0 || isVagueType(mediaType)) {
    return (await getManifest(connection, common)).descriptor;
  }
  checkName(answer, common.name, digest);
  return { mediaType, digest, size };
}

/** Sends HEAD; undefined when the registry refuses, since only a response to GET has the reason. */
async function head(
  connection: Connection,
  common: Common & { name: string },
): Promise<Answer | undefined> {
  try {
    return await connection.request({
      ...common,
      method: "HEAD",
      path: manifestPath(common),
      headers: ACCEPT,
      expected: [200],
    });
  } catch (error) {
    const isRefusal = error instanceof RegistryError &&
      [400, 403, 404, 405].includes(error.status ?? 0);
    if (isRefusal) return undefined;
    throw error;
  }
}

/**
 * Fetches a manifest, at most 4 MiB.
 *
 * @throws {RegistryError} `NOT_FOUND`, `TOO_LARGE`
 * @throws {MismatchError} when it is not the requested or announced manifest
 */
export async function getManifest(
  connection: Connection,
  common: Common & { name: string },
): Promise<RawManifest> {
  const request = {
    ...common,
    method: "GET",
    path: manifestPath(common),
    headers: ACCEPT,
    expected: [200],
  };
  const { answer, bytes } = await connection.read(request, MANIFEST_LIMITS.bytes);
  const { name } = common;
  const announced = answer.headers.get("docker-content-digest");
  const expected = isDigest(name)
    ? name
    : announced !== null && isDigest(announced)
    ? announced
    : undefined;
  const algorithm = expected === undefined ? "sha256" : splitDigest(expected).algorithm;
  const digest = digestOf(bytes, algorithm);
  if (expected !== undefined && digest !== expected) throw wrongManifest(answer, digest, expected);
  const given = essence(answer.headers.get("content-type") ?? "");
  const mediaType = isVagueType(given) ? ownType(bytes, common) : given;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/**
 * Stores a manifest under its digest or a tag.
 *
 * @returns true if the registry confirmed the subject, so that it maintains referrers
 */
export async function putManifest(
  connection: Connection,
  common: Common & { name: string; manifest: RawManifest },
): Promise<{ keepsReferrers: boolean }> {
  const { manifest: { descriptor, bytes } } = common;
  const answer = await connection.request({
    what: common.what,
    repository: common.repository,
    scopes: common.scopes,
    signal: common.signal,
    method: "PUT",
    path: manifestPath(common),
    headers: { "content-type": descriptor.mediaType },
    body: bytes,
    expected: [201, 200, 202],
  });
  await answer.discard();
  const stored = answer.headers.get("docker-content-digest");
  if (stored !== null && isDigest(stored)) checkStored(answer, stored, descriptor.digest);
  return { keepsReferrers: answer.headers.has("oci-subject") };
}

/** Returns the media type in the document itself. */
function ownType(
  bytes: Uint8Array,
  { name, repository }: { name: string; repository?: string | undefined },
): string {
  return parseManifest(bytes, { what: `the manifest ${name} of ${repository}` }).mediaType;
}

/** Returns the path of a manifest by tag or digest, which are already validated. */
function manifestPath(
  { repository, name }: { repository?: string | undefined; name: string },
): string {
  return `/v2/${repository}/manifests/${name}`;
}

function checkName(answer: Answer, name: string, digest: Digest): void {
  if (isDigest(name) && name !== digest) throw wrongManifest(answer, digest, name);
}

/** Checks the digest that the registry stored, which may use another algorithm. */
function checkStored(answer: Answer, stored: Digest, digest: Digest): void {
  const isComparable = splitDigest(stored).algorithm === splitDigest(digest).algorithm;
  if (isComparable && stored !== digest) throw wrongManifest(answer, stored, digest);
}

function wrongManifest(answer: Answer, actual: Digest, expected: Digest): MismatchError {
  return new MismatchError(`${opening(answer)}its digest is ${actual} instead of ${expected}`, {
    code: "DIGEST_MISMATCH",
    hint: "check the registry and its proxies: one of them changed the manifest",
  });
}
