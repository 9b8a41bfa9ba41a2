/** Finds the one file in a container image (image-spec, layer.md). */
import type { Descriptor } from "../descriptor.ts";
import { ArtifactError, shorten } from "../errors.ts";
import { decompressed } from "./decompress.ts";
import { MAX_MODULE_BYTES } from "./find_module.ts";
import { readTar, type TarEntry, type TarKind } from "./tar.ts";

/** Of all layers together: a module, headers and padding, and what other layers replace. */
const MAX_UNPACKED_BYTES = MAX_MODULE_BYTES + 512 * 2 ** 20;
const MAX_LAYERS = 128;
/** Limit for a whole image; an image with a module has a few directories besides. */
const MAX_ENTRIES = 4096;
const MAX_SHOWN = 8;

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Opens a layer for reading; may be called repeatedly. */
export type OpenLayer = (layer: Descriptor) => Promise<AsyncIterable<Uint8Array>>;

/** The file, in the layer that has its last version. */
export interface ImageFile {
  /** Relative to the image's root. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The layer that brings it. */
  readonly layer: Descriptor;
  /** Which entry of the layer's archive it is, from 0. */
  readonly position: number;
}

/** Rest of what may be unpacked. */
interface Budget {
  left: number;
}

interface Found {
  readonly kind: TarKind;
  readonly size: number;
  readonly layer: Descriptor;
  readonly position: number;
}

/**
 * The only file in an image, after all layers are put upon each other.
 *
 * @throws {ArtifactError} `NOT_A_MODULE` with what was found, when there is more or nothing;
 *   `TOO_LARGE`, `BAD_LAYER`, `CUT_SHORT`
 */
export async function findOnlyFile(
  layers: readonly Descriptor[],
  options: { what: string; open: OpenLayer },
): Promise<ImageFile> {
  const { what } = options;
  if (layers.length > MAX_LAYERS) {
    throw new ArtifactError(`Cannot use ${what}: it has ${layers.length} layers`, {
      code: "NOT_A_MODULE",
    });
  }
  const tree = new Map<string, Found>();
  const budget = { left: MAX_UNPACKED_BYTES };
  for (const layer of layers) await putUpon(tree, { ...options, layer, budget });
  const others = [...tree].filter(([, { kind }]) => kind !== "folder");
  const [only] = others;
  if (only === undefined || others.length > 1 || only[1].kind !== "file") {
    throw notOnlyFile(others, what);
  }
  const [path, { size, layer, position }] = only;
  if (size > MAX_MODULE_BYTES) {
    throw new ArtifactError(`Cannot use ${what}: ${shorten(path)} has ${size} bytes`, {
      code: "TOO_LARGE",
      hint: "a module has at most 1 GiB: no engine compiles a larger one",
    });
  }
  return { path, size, layer, position };
}

/** The bytes of a file that {@linkcode findOnlyFile} found. */
export async function* readImageFile(
  file: ImageFile,
  options: { what: string; open: OpenLayer },
): AsyncGenerator<Uint8Array> {
  const budget = { left: MAX_UNPACKED_BYTES };
  let position = 0;
  for await (const entry of entries({ ...options, layer: file.layer, budget })) {
    if (position++ === file.position) return yield* entry.body;
  }
}

/** Options for reading one layer. */
interface LayerOptions {
  what: string;
  open: OpenLayer;
  layer: Descriptor;
  budget: Budget;
}

async function* entries({ what, open, layer, budget }: LayerOptions): AsyncGenerator<TarEntry> {
  const name = `layer ${layer.digest} of ${what}`;
  const bytes = decompressed(await open(layer), { what: name, limit: budget.left });
  yield* readTar(spending(bytes, budget), name);
}

async function* spending(
  bytes: AsyncIterable<Uint8Array>,
  budget: Budget,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    budget.left -= chunk.length;
    yield chunk;
  }
}

/** Puts a layer upon what is below. Its whiteouts hide what is below only, wherever they stand. */
async function putUpon(tree: Map<string, Found>, options: LayerOptions): Promise<void> {
  const { layer } = options;
  const added = new Map<string, Found>();
  let position = -1;
  for await (const { path, kind, size } of entries(options)) {
    position++;
    if (position + tree.size > MAX_ENTRIES) throw notOnlyFile([...tree, ...added], options.what);
    const slash = path.lastIndexOf("/");
    const [folder, name] = [path.slice(0, slash + 1), path.slice(slash + 1)];
    if (name === OPAQUE) removeBelow(tree, folder);
    else if (name.startsWith(WHITEOUT)) {
      const hidden = folder + name.slice(WHITEOUT.length);
      tree.delete(hidden);
      removeBelow(tree, `${hidden}/`);
    } else if (path !== "") added.set(path, { kind, size, layer, position });
  }
  for (const [path, found] of added) {
    if (found.kind !== "folder") removeBelow(tree, `${path}/`);
    tree.set(path, found);
  }
}

function removeBelow(tree: Map<string, Found>, folder: string): void {
  for (const path of tree.keys()) if (path.startsWith(folder)) tree.delete(path);
}

function notOnlyFile(others: [string, Found][], what: string): ArtifactError {
  const shown = others.slice(0, MAX_SHOWN).map(([path, { kind }]) =>
    kind === "file" ? shorten(path) : `${shorten(path)} (${kind === "link" ? "a link" : "special"})`
  );
  if (others.length > MAX_SHOWN) shown.push(`and ${others.length - MAX_SHOWN} more`);
  const found = others.length === 0 ? "no file" : shown.join(", ");
  return new ArtifactError(
    `Cannot use ${what}: it is a container image with more in it than one module, or nothing: ` +
      `found ${found}`,
    { code: "NOT_A_MODULE", hint: "an image runs here when its only file is a .wasm" },
  );
}
