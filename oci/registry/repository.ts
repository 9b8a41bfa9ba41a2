/** Client of one repository. */
import {
  bytesSource,
  type ByteStream,
  type CallOptions,
  type Content,
  type PushOptions,
  readContent,
  type Referrers,
  type Source,
  type StreamOptions,
} from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf, isDigest } from "../digest.ts";
import { ReferenceSyntaxError, RegistryError } from "../errors.ts";
import { MANIFEST_LIMITS, readJson } from "../json.ts";
import { parseManifest } from "../manifest.ts";
import { isIndexType, isManifestType } from "../media_types.ts";
import { isTag } from "../reference.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { download } from "./download.ts";
import {
  type Common,
  getManifest,
  headManifest,
  putManifest,
  type RawManifest,
} from "./manifests.ts";
import { pages } from "./pages.ts";
import { addReferrer, listReferrers } from "./referrers.ts";
import { repositoryScope } from "./token.ts";
import { upload } from "./upload.ts";

/** Options of {@linkcode Repository.push}. */
export interface RepositoryPushOptions extends PushOptions {
  /** Repository of the same registry that may have the blob, which is then mounted instead of sent. */
  mountFrom?: string | undefined;
}

const TAGS_A_PAGE = 1000;

/**
 * Repository of a registry (OCI distribution specification 1.1). Names are tags and digests.
 *
 * Transient failures are retried, and interrupted transfers resume. Errors are
 * {@linkcode RegistryError}s. Valid until its {@linkcode Registry} is closed.
 */
export class Repository implements Content, Referrers {
  /** Name in the registry: `you/tool`. */
  readonly name: string;
  readonly #connection: Connection;

  /** Called by `Registry.repository()`. */
  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.name = name;
  }

  /** Reports whether a blob or manifest exists. */
  async has(descriptor: Descriptor, options: CallOptions = {}): Promise<boolean> {
    return await this.#has(descriptor, this.#common("look for", descriptor.digest, options));
  }

  async #has(descriptor: Descriptor, common: Common): Promise<boolean> {
    const isManifest = hasManifestType(descriptor);
    try {
      const answer = await this.#connection.request({
        ...common,
        method: "HEAD",
        path: `/v2/${this.name}/${isManifest ? "manifests" : "blobs"}/${descriptor.digest}`,
        headers: isManifest ? { accept: descriptor.mediaType } : {},
        expected: [200],
      });
      await answer.discard();
      return answer.length === undefined || answer.length === descriptor.size;
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return false;
      throw error;
    }
  }

  /** Opens a blob or manifest. Interrupted transfers resume. */
  async fetch(descriptor: Descriptor, options: StreamOptions = {}): Promise<ByteStream> {
    const { digest, size } = descriptor;
    const offset = options.offset ?? 0;
    const common = this.#common("pull", digest, options);
    if (hasManifestType(descriptor)) {
      const { bytes } = await getManifest(this.#connection, { ...common, name: digest });
      return await bytesSource(bytes)({ offset });
    }
    if (!(offset >= 0 && offset <= size)) throw new RangeError("the offset is outside the blob");
    const path = `/v2/${this.name}/blobs/${digest}`;
    const request = { ...common, method: "GET", path, expected: [200, 206] };
    return await download({ connection: this.#connection, request, descriptor, offset });
  }

  /** Uploads a missing blob or manifest. Blobs must be pushed before their manifest. */
  async push(
    descriptor: Descriptor,
    source: Source,
    options: RepositoryPushOptions = {},
  ): Promise<void> {
    if (await this.#hasToPush(descriptor, options)) return;
    if (hasManifestType(descriptor)) {
      const fetch = (_: Descriptor, options?: StreamOptions) => source(options);
      const limit = MANIFEST_LIMITS.bytes;
      const bytes = await readContent({ fetch }, descriptor, { limit, signal: options.signal });
      return await this.putManifest(bytes, { ...options, mediaType: descriptor.mediaType });
    }
    const { mountFrom, onProgress } = options;
    const from = mountFrom === this.name ? undefined : mountFrom;
    const common = this.#common("push", descriptor.digest, options, "pull", "push");
    const scopes = from === undefined ? [] : [repositoryScope(from, "pull")];
    await upload({
      connection: this.#connection,
      common: { ...common, scopes: [...common.scopes, ...scopes] },
      repository: this.name,
      descriptor,
      source,
      mountFrom: from,
      onProgress,
    });
  }

  /**
   * Reports whether content exists, with the token of the push: for a missing repository, a pull token is
   * refused. A refusal counts as missing, since the check only saves bytes.
   */
  async #hasToPush(descriptor: Descriptor, options: CallOptions): Promise<boolean> {
    try {
      const common = this.#common("look for", descriptor.digest, options, "pull", "push");
      return await this.#has(descriptor, common);
    } catch (error) {
      if (error instanceof RegistryError && error.status === 403) return false;
      throw error;
    }
  }

  /** Resolves a tag or digest. */
  async resolve(name: string, options: CallOptions = {}): Promise<Descriptor> {
    const common = this.#common("find", checkedName(name), options);
    return await headManifest(this.#connection, { ...common, name });
  }

  /** Fetches the manifest of a tag or digest in one request. */
  async getManifest(name: string, options: CallOptions = {}): Promise<RawManifest> {
    const common = this.#common("read the manifest", checkedName(name), options);
    return await getManifest(this.#connection, { ...common, name });
  }

  /**
   * Stores a manifest under its digest or a tag. A manifest with a subject becomes a referrer, through
   * the registry's API or else the referrers tag.
   */
  async putManifest(
    bytes: Uint8Array<ArrayBuffer>,
    options: CallOptions & { mediaType: string; tag?: string },
  ): Promise<void> {
    const { mediaType, tag } = options;
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    const manifest = parseManifest(bytes, { what: `the manifest ${descriptor.digest}`, mediaType });
    const name = tag === undefined ? descriptor.digest : checkedName(tag);
    const common = this.#common("push the manifest", name, options, "pull", "push");
    const put = { ...common, name, manifest: { descriptor, bytes } };
    const { keepsReferrers } = await putManifest(this.#connection, put);
    if (manifest.subject === undefined || keepsReferrers) return;
    await addReferrer(this.#connection, { ...common, descriptor, manifest });
  }

  /** Tags an existing manifest. */
  async tag(descriptor: Descriptor, name: string, options: CallOptions = {}): Promise<void> {
    const { digest } = descriptor;
    const common = this.#common("read the manifest", digest, options, "pull", "push");
    const { bytes, descriptor: found } = await getManifest(this.#connection, {
      ...common,
      name: digest,
    });
    const mediaType = descriptor.mediaType || found.mediaType;
    await this.putManifest(bytes, { ...options, mediaType, tag: name });
  }

  /** Deletes a tag (if the registry supports it), a manifest with all its tags, or a blob. */
  async delete(target: string | Descriptor, options: CallOptions = {}): Promise<void> {
    const isBlob = typeof target !== "string" && !hasManifestType(target);
    const name = typeof target === "string" ? checkedName(target) : target.digest;
    const answer = await this.#connection.request({
      ...this.#common("remove", name, options, "pull", "delete"),
      method: "DELETE",
      path: `/v2/${this.name}/${isBlob ? "blobs" : "manifests"}/${name}`,
      expected: [202, 200, 204],
    });
    await answer.discard();
  }

  /** Lists the tags of the repository, in the registry's order. */
  async *tags(options: CallOptions = {}): AsyncGenerator<string> {
    const request: ApiRequest = {
      ...this.#common("list the tags of", undefined, options),
      method: "GET",
      path: `/v2/${this.name}/tags/list?n=${TAGS_A_PAGE}`,
      expected: [200],
    };
    for await (const { bytes } of pages(this.#connection, request)) {
      const what = `the tags of ${this.#connection.registry}/${this.name}`;
      const limits = { ...MANIFEST_LIMITS, members: 500_000 };
      const json = readJson(bytes, { what, code: "BAD_LIST", limits });
      yield* json.strings("tags") ?? [];
    }
  }

  /** Lists the manifests whose subject is `digest`. */
  async referrers(
    digest: Digest,
    options: CallOptions & { artifactType?: string } = {},
  ): Promise<Descriptor[]> {
    const common = this.#common("list the referrers of", digest, options);
    const { artifactType } = options;
    return await listReferrers(this.#connection, { ...common, digest, artifactType });
  }

  #common(
    verb: string,
    name: string | undefined,
    options: CallOptions,
    ...actions: string[]
  ): Common & { repository: string } {
    const mark = name === undefined ? "" : isDigest(name) ? "@" : ":";
    return {
      what: `${verb} ${this.#connection.registry}/${this.name}${mark}${name ?? ""}`,
      repository: this.name,
      scopes: [repositoryScope(this.name, ...(actions.length === 0 ? ["pull"] : actions))],
      signal: options.signal,
    };
  }
}

function hasManifestType({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/** Checks that a name, which becomes part of an address, is a tag or a digest. */
function checkedName(name: string): string {
  if (isDigest(name) || isTag(name)) return name;
  throw new ReferenceSyntaxError(name, "neither a tag nor a digest");
}
