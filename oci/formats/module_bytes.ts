/** A module's bytes out of an artifact, whatever it is wrapped in. */
import { Collector } from "../collector.ts";
import type { Content, StreamOptions } from "../content.ts";
import { type Expected, Verifier } from "../digest.ts";
import { ByteReader } from "./byte_reader.ts";
import { checkMagic, MAGIC_BYTES, type ModulePlace } from "./find_module.ts";
import { findOnlyFile, readImageFile } from "./image.ts";

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
  checkMagic(await reader.peek(MAGIC_BYTES), source.what);
  yield* reader.rest();
}

async function* unwrapped(
  source: ModuleSource,
  options: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const { content, place, what } = source;
  if (!place.isArchive) {
    for (const layer of place.layers) yield* verified(content, layer, options);
    return;
  }
  // Report damage first: it explains why the archive cannot be read.
  for (const layer of place.layers) for await (const _ of verified(content, layer, options));
  await using layers = new VerifiedLayers(content, options);
  const open = (layer: Layer) => layers.open(layer);
  const file = await findOnlyFile(place.layers, { what, open });
  await layers.finish();
  yield* readImageFile(file, { what, open });
  await layers.finish();
}

type Layer = Expected & { mediaType: string };

/**
 * Opens layers one after the other, and hashes each of them each time: who can write to where they are
 * kept could change them between two readings.
 */
class VerifiedLayers implements AsyncDisposable {
  readonly #content: Pick<Content, "fetch">;
  readonly #options: StreamOptions;
  #current: AsyncGenerator<Uint8Array> | undefined;

  constructor(content: Pick<Content, "fetch">, options: StreamOptions) {
    this.#content = content;
    this.#options = options;
  }

  /** A layer's bytes; those of the one before are read to their end. */
  async open(layer: Layer): Promise<AsyncIterable<Uint8Array>> {
    await this.finish();
    const bytes = this.#current = verified(this.#content, layer, this.#options);
    // Without return(): an archive ends before its layer does, and the bytes after it are hashed,
    // too.
    return { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) };
  }

  /** Reads the rest of the one that is open: only now is it known to be what it should. */
  async finish(): Promise<void> {
    for await (const _ of this.#current ?? []);
    this.#current = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.return(undefined);
  }
}

async function* verified(
  content: Pick<Content, "fetch">,
  layer: Layer,
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
  const collector = new Collector();
  for await (const part of moduleBytes(source, options)) collector.add(part);
  return collector.bytes();
}
