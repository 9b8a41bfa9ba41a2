/** Chooses one of the manifests of an image index. */
import { type Descriptor, formatPlatform } from "../descriptor.ts";
import { ArtifactError } from "../errors.ts";
import type { ImageIndex } from "../manifest.ts";

/** Names that tools use for the platform of WASI preview 1 modules, the most exact first. */
const PREFERRED = ["wasip1/wasm", "wasi/wasm", "wasi/wasm32", "wasip1/wasm32", "js/wasm"];

/** Artifact type of Inspektor Gadget's images. */
const GADGET = "application/vnd.gadget.v1+binary";
const ARCHITECTURE = Deno.build.arch === "x86_64" ? "amd64" : "arm64";

const MAX_SHOWN = 12;

/**
 * The manifest for `platform`, or the one that is for WebAssembly, or the only one.
 *
 * @param options.platform as in `wasi/wasm`; a variant may be left out
 * @throws {ArtifactError} `NOT_FOUND`, with the platforms that there are
 */
export function choosePlatform(
  index: ImageIndex,
  options: { what: string; platform?: string | undefined },
): Descriptor {
  // Indexes list attestations as manifests of an unknown platform.
  const real = index.manifests.filter((one) => platformOf(one) !== "unknown/unknown");
  const wanted = options.platform === undefined ? PREFERRED : [options.platform];
  for (const platform of wanted) {
    const chosen = real.find((one) => matches(platformOf(one), platform));
    if (chosen !== undefined) return chosen;
  }
  // Objects have no platform of WebAssembly: Inspektor Gadget's are for this machine's architecture.
  const gadget = real.find((one) =>
    one.artifactType === GADGET && platformOf(one) === `linux/${ARCHITECTURE}`
  );
  if (options.platform === undefined && gadget !== undefined) return gadget;
  const [only] = real;
  if (options.platform === undefined && only !== undefined && real.length === 1) return only;
  throw noPlatform(real, options);
}

/**
 * Returns the manifest for this machine, which may hold an eBPF object: objects have no platform of
 * WebAssembly. Undefined without one.
 */
export function machineManifest({ manifests }: ImageIndex): Descriptor | undefined {
  return manifests.find((one) => matches(platformOf(one), `linux/${ARCHITECTURE}`));
}

function platformOf({ platform }: Descriptor): string | undefined {
  return platform === undefined ? undefined : formatPlatform(platform);
}

function matches(platform: string | undefined, wanted: string): boolean {
  return platform === wanted || (platform?.startsWith(`${wanted}/`) ?? false);
}

function noPlatform(
  manifests: readonly Descriptor[],
  options: { what: string; platform?: string | undefined },
): ArtifactError {
  const { what, platform } = options;
  const names = [...new Set(manifests.map((one) => platformOf(one) ?? "one without a platform"))];
  const shown = names.slice(0, MAX_SHOWN).join(", ");
  const more = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "";
  const found = names.length === 0 ? "nothing" : shown + more;
  const reason = platform === undefined ? "none of its manifests is for WebAssembly" : "";
  return new ArtifactError(
    `Cannot use ${what}: ${reason || `it has no manifest for ${platform}`}: found ${found}`,
    {
      code: "NOT_FOUND",
      hint: names.length === 0 ? undefined : "--platform OS/ARCHITECTURE takes one of them",
    },
  );
}
