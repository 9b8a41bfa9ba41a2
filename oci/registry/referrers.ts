/** Referrers of a manifest: from the referrers API, or from a tag where a registry lacks the API. */
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf, splitDigest } from "../digest.ts";
import { RegistryError } from "../errors.ts";
import { type ImageIndex, type ImageManifest, isVagueType, parseManifest } from "../manifest.ts";
import { essence, OCI_INDEX } from "../media_types.ts";
import type { Answer } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { type Common, getManifest, putManifest } from "./manifests.ts";
import { pages } from "./pages.ts";

/** Maximum number of referrers; bounds work on hostile input. */
const MAX_REFERRERS = 10_000;

/** Returns the tag of the referrers (distribution specification, "Referrers Tag Schema"). */
export function referrersTag(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** Lists the manifests whose subject is `digest`, of one artifact type or all. */
export async function listReferrers(
  connection: Connection,
  common: Common & { digest: Digest; artifactType?: string | undefined },
): Promise<Descriptor[]> {
  const { digest, artifactType } = common;
  const all = await fromApi(connection, common) ??
    (await fromTag(connection, common, digest)).manifests;
  // Registries may filter, but need not.
  return all.filter((one) => artifactType === undefined || one.artifactType === artifactType);
}

/** Statuses of registries without the API; some also return a web page. */
const UNKNOWN_ADDRESS = [400, 404, 405, 406, 501];

/** Lists referrers with the API; undefined when the registry lacks it. */
async function fromApi(
  connection: Connection,
  common: Common & { digest: Digest; artifactType?: string | undefined },
): Promise<Descriptor[] | undefined> {
  const { repository, digest, artifactType } = common;
  const query = artifactType === undefined
    ? ""
    : `?artifactType=${encodeURIComponent(artifactType)}`;
  const found: Descriptor[] = [];
  try {
    const request = {
      what: common.what,
      repository,
      scopes: common.scopes,
      signal: common.signal,
      method: "GET",
      path: `/v2/${repository}/referrers/${digest}${query}`,
      headers: { accept: OCI_INDEX },
      expected: [200],
    };
    for await (const { bytes, answer } of pages(connection, request)) {
      if (!isIndexAnswer(answer)) return undefined;
      const what = `the referrers of ${digest}`;
      const page = parseManifest(bytes, { what, mediaType: OCI_INDEX });
      if (page.kind === "index") found.push(...page.manifests);
      if (found.length > MAX_REFERRERS) {
        throw connection.broken(answer, "TOO_LARGE", `more than ${MAX_REFERRERS} referrers`);
      }
    }
    return found;
  } catch (error) {
    const isMissing = error instanceof RegistryError &&
      UNKNOWN_ADDRESS.includes(error.status ?? 0);
    if (isMissing) return undefined;
    throw error;
  }
}

/** Reports whether a response may be an index: the specification requires its type, some send a generic one. */
function isIndexAnswer({ headers }: Answer): boolean {
  const type = essence(headers.get("content-type") ?? "");
  return type === OCI_INDEX || isVagueType(type);
}

async function fromTag(
  connection: Connection,
  common: Common,
  digest: Digest,
): Promise<{ manifests: readonly Descriptor[] }> {
  try {
    const name = referrersTag(digest);
    const { bytes, descriptor } = await getManifest(connection, { ...common, name });
    const what = `the referrers of ${digest}`;
    const index = parseManifest(bytes, { what, mediaType: descriptor.mediaType });
    return index.kind === "index" ? index : { manifests: [] };
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return { manifests: [] };
    throw error;
  }
}

/**
 * Adds a manifest to the tag of its subject, for a registry without the API. Concurrent calls can lose
 * one entry: the specification has no means against it.
 */
export async function addReferrer(
  connection: Connection,
  common: Common & { descriptor: Descriptor; manifest: ImageManifest | ImageIndex },
): Promise<void> {
  const { descriptor, manifest } = common;
  const { subject } = manifest;
  if (subject === undefined) return;
  const { manifests } = await fromTag(connection, common, subject.digest);
  if (manifests.some(({ digest }) => digest === descriptor.digest)) return;
  const artifactType = manifest.artifactType ??
    (manifest.kind === "manifest" ? manifest.config.mediaType : undefined);
  const entry = {
    ...descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    annotations: manifest.annotations,
  };
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...manifests, entry] };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const index = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
  await putManifest(connection, {
    ...common,
    name: referrersTag(subject.digest),
    manifest: { descriptor: index, bytes },
  });
}
