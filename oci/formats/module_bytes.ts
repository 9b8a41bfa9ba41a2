/** A module's bytes out of an artifact, whatever it is wrapped in. */
import { concatenated } from "../concatenated.ts";
import type { Content, StreamOptions } from "../content.ts";
import { type Expected, Verifier } from "../digest.ts";
import { ByteReader } from "./byte_reader.ts";
import { checkMagic, type ModulePlace } from "./find_module.ts";
import { findOnlyFile, type ImageFile, readImageFile } from "./image.ts";

/** How much of a module shows that it is one. */
const MAGIC_BYTES = 8;

/** Where a module's bytes come from, and how errors name it. */
export interface ModuleSource {
  /** Where the layers are. */
  readonly content: Pick<Content, "fetch">;
  /** Which layers they are. */
  readonly place: ModulePlace;
  /** As in "Cannot use WHAT: …". */
  readonly what: string;
}

/**
 * Streams a module. Nothing that comes may be used before the stream has ended without an error: only
 * then is it known to be what the descriptor promises.
 *
 * @throws {ArtifactError} `NOT_A_MODULE`, `TOO_LARGE`, `BAD_LAYER`, `CUT_SHORT`
 * @throws {MismatchError} when a layer is damaged
 */
export async function* moduleBytes(
  source: ModuleSource,
  options: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  await using reader = new ByteReader(unwrapped(source, options), source.what);
  let start = new Uint8Array(0);
  while (start.length < MAGIC_BYTES) {
    const part = await reader.some(MAGIC_BYTES - start.length);
    if (part === undefined) break;
    start = Uint8Array.of(...start, ...part);
  }
  checkMagic(start, source.what);
  yield start;
  yield* reader.rest();
}

/** The only file of an image, for those who want to say what it is. */
export async function onlyFileOf(
  { content, place, what }: ModuleSource,
  options: StreamOptions = {},
): Promise<ImageFile> {
  const open = (layer: Expected & { mediaType: string }) => content.fetch(layer, options);
  return await findOnlyFile(place.layers, { what, open });
}

async function* unwrapped(
  source: ModuleSource,
  options: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const { content, place, what } = source;
  for (const layer of place.isArchive ? place.layers : []) {
    // An archive ends before its layer does: what is behind is read here.
    for await (const _ of verified(content, layer, options));
  }
  if (place.isArchive) {
    const open = (layer: Expected & { mediaType: string }) => content.fetch(layer, options);
    return yield* readImageFile(await onlyFileOf(source, options), { what, open });
  }
  for (const layer of place.layers) yield* verified(content, layer, options);
}

async function* verified(
  content: Pick<Content, "fetch">,
  layer: Expected & { mediaType: string },
  options: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const verifier = new Verifier(layer);
  for await (const chunk of await content.fetch(layer, options)) {
    verifier.update(chunk);
    yield chunk;
  }
  verifier.finish();
}

/** A whole module in memory, which is how it is run; see {@linkcode moduleBytes}. */
export async function readModule(
  source: ModuleSource,
  options: StreamOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  // A part may be used again for the next.
  for await (const part of moduleBytes(source, options)) parts.push(part.slice());
  return concatenated(parts);
}
