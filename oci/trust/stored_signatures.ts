/** Signatures in the local store, to verify artifacts without the network. */
import { type CallOptions, type Content, readContent } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { type ImageIndex, type ImageManifest, parseManifest } from "../manifest.ts";
import { ATTACHED_TO, type IndexEntry } from "../store/layout.ts";
import { leadsTo } from "../store/leads_to.ts";
import type { SignatureSource } from "./signatures.ts";
import type { Verdict } from "./verify.ts";

/** Subset of the local store. */
export interface SignatureStore extends Pick<Content, "fetch" | "push"> {
  /** Returns all entries of the index. */
  entries(): IndexEntry[];
  /** Adds an entry to the index. */
  add(entry: IndexEntry): Promise<void>;
}

/** Limits of one stored manifest of signatures. */
const MAX_LAYERS = 200;
const MAX_BYTES = 16 * 2 ** 20;

/** Returns the signatures in the store. */
export function storedSignatures(
  store: Pick<SignatureStore, "fetch" | "entries">,
): SignatureSource {
  return {
    fetch: (descriptor, options) => store.fetch(descriptor, options),
    async *signaturesOf(subject) {
      for (const { mediaType, digest, size, annotations } of store.entries()) {
        if (annotations?.[ATTACHED_TO] === subject && isDigest(digest)) {
          yield await Promise.resolve({ mediaType, digest, size });
        }
      }
    },
  };
}

/**
 * Stores valid signatures next to the artifact. Manifests beyond the limits of a signature are not stored,
 * and are requested again in the next run.
 *
 * @param verdicts result of `verifySignatures()` for `source`
 */
export async function keepSignatures(
  verdicts: readonly Verdict[],
  options: CallOptions & { source: SignatureSource; store: SignatureStore },
): Promise<void> {
  const { source, store, signal } = options;
  const kept = new Set<string>();
  for (const { signature, digest } of verdicts) {
    if (kept.has(signature.digest)) continue;
    kept.add(signature.digest);
    const manifest = await readManifest(source, signature, signal);
    if (manifest.kind !== "manifest") continue;
    const parts = [manifest.config, ...manifest.layers];
    const bytes = parts.reduce((sum, { size }) => sum + size, 0);
    if (parts.length > MAX_LAYERS || bytes > MAX_BYTES) continue;
    for (const part of [...parts, signature]) {
      await store.push(part, (open) => source.fetch(part, open), { signal });
    }
    const { mediaType, size } = signature;
    const annotations = { [ATTACHED_TO]: digest };
    await store.add({ mediaType, digest: signature.digest, size, annotations });
  }
}

/**
 * Returns the digests whose signatures vouch for a stored manifest: its own, and that of its recorded
 * index if that does contain it.
 *
 * @param store directory of the store
 */
export function vouchingDigests(
  store: string,
  chosen: { manifest: Digest; root: Digest },
): Digest[] {
  const { manifest, root } = chosen;
  const isBelow = root !== manifest && leadsTo(store, { from: root, to: manifest });
  return isBelow ? [manifest, root] : [manifest];
}

async function readManifest(
  content: Pick<Content, "fetch">,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<ImageManifest | ImageIndex> {
  const { digest, mediaType } = descriptor;
  const bytes = await readContent(content, descriptor, { limit: MANIFEST_LIMITS.bytes, signal });
  return parseManifest(bytes, { what: digest, mediaType });
}
