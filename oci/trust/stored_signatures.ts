/** Signatures in the local store: kept with what they sign, and found again without the network. */
import { type CallOptions, type Content, readContent } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, isDigest } from "../digest.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { type ImageIndex, type ImageManifest, parseManifest } from "../manifest.ts";
import { ATTACHED_TO, type IndexEntry } from "../store/layout.ts";
import { leadsTo } from "../store/leads_to.ts";
import type { SignatureSource } from "./signatures.ts";
import type { Verdict } from "./verify.ts";

/** What is needed of the local store. */
export interface SignatureStore extends Pick<Content, "fetch" | "push"> {
  /** Every entry of its index. */
  entries(): IndexEntry[];
  /** Adds an entry. */
  add(entry: IndexEntry): Promise<void>;
}

/** What one manifest of signatures may bring into the store. */
const MAX_LAYERS = 200;
const MAX_BYTES = 16 * 2 ** 20;

/** The signatures that are kept in the store. */
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
 * Keeps signatures that were found good in the store, beside what they sign. What comes with more than
 * a signature could have is left where it is, and has to be asked for again.
 *
 * @param verdicts what `verifySignatures()` answered about `source`
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
 * The digests whose signatures vouch for a stored manifest: its own, and that of the index which it is
 * said to be chosen from, if that does lead to it.
 *
 * @param store the store's folder
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
