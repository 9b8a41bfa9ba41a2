/** Tools that can be had: those of the box, and those in the catalogues that hubs showed last. */
import config from "../../deno.json" with { type: "json" };
import {
  BOX,
  CatalogError,
  type CatalogVersion,
  compareVersions,
  type Hub,
  hubNamed,
  isToolName,
  isVersion,
  readHubCatalog,
  readHubs,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { nearest } from "../../ffi/nearest.ts";
import { boxTools } from "../box/box.ts";
import { UsageError } from "../errors.ts";

/** Tool of a hub. */
export interface Offer {
  /** Name of the hub; `box` for the tools in the binary. */
  readonly hub: string;
  /** Hub with its key; undefined for the box. */
  readonly source: Hub | undefined;
  readonly name: string;
  readonly summary: string;
  readonly keywords: readonly string[];
  readonly licence?: string;
  readonly home?: string;
  /** Newest version's name. */
  readonly latest: string;
  /** Versions, the newest first; empty for the box, whose only version is that of the binary. */
  readonly versions: readonly CatalogVersion[];
}

/** Version of the tools in the box: that of wasm-bpf. */
export const BOX_VERSION: string = config.version;

/**
 * Returns the tools of the box and of all hubs.
 *
 * @param options.onProblem called for a hub whose catalogue cannot be read; without it, that is an error
 * @param options.hub only the tools of this hub
 */
export function allOffers(
  { onProblem, hub }: { onProblem?: (error: HostError) => void; hub?: string } = {},
): Offer[] {
  const hubs = readHubs();
  if (hub !== undefined && hub !== BOX) return hubOffers(hubNamed(hub, hubs));
  const others = hub === BOX ? [] : hubs.flatMap((one) => {
    try {
      return hubOffers(one);
    } catch (error) {
      if (!(error instanceof HostError) || onProblem === undefined) throw error;
      onProblem(error);
      return [];
    }
  });
  return [...boxOffers(), ...others];
}

function boxOffers(): Offer[] {
  return boxTools().map(({ name, summary, subject }) => ({
    hub: BOX,
    source: undefined,
    name,
    summary,
    keywords: subject.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 1),
    latest: BOX_VERSION,
    versions: [],
  }));
}

function hubOffers(hub: Hub): Offer[] {
  return readHubCatalog(hub).tools.map((tool) => ({
    ...tool,
    hub: hub.name,
    source: hub,
    latest: defaultVersion(tool.versions)?.version ?? tool.versions[0]?.version ?? "",
  }));
}

/** Word of the command line that names a tool: `[HUB/]NAME[@VERSION]`. */
export interface ToolWord {
  readonly hub: string | undefined;
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * Reads the name of a tool.
 *
 * @throws {UsageError} for paths, references and all that is not a name
 */
export function toolWord(word: string, command: string): ToolWord {
  const [, hub, name = "", version] = /^(?:([^/@]*)\/)?([^/@]*)(?:@(.*))?$/s.exec(word) ?? [];
  const isRight = isToolName(name) && (hub === undefined || isToolName(hub)) &&
    (version === undefined || isVersion(version));
  if (isRight) return { hub, name, version };
  throw new UsageError(
    `Cannot ${command} ${JSON.stringify(word)}: not the name of a tool`,
    /[.:]/.test(word) && word.includes("/")
      ? "write NAME, HUB/NAME or NAME@VERSION; wasm-bpf run takes a file or a reference"
      : "write NAME, HUB/NAME or NAME@VERSION; wasm-bpf search lists tools",
  );
}

/**
 * Returns the one tool that a word names.
 *
 * @throws {CatalogError} `NO_TOOL`, `AMBIGUOUS` when several hubs have it, `NO_HUB`; `NO_VERSION` for
 *   another version of a tool of the box
 */
export function offerFor({ hub, name, version }: ToolWord, command: string): Offer {
  const all = allOffers(hub === undefined ? {} : { hub });
  const found = all.filter((offer) => offer.name === name);
  const [only, ...others] = found;
  if (only === undefined) throw noTool(name, hub, all);
  if (others.length === 0) {
    checkBoxVersion(only, version);
    return only;
  }
  const names = found.map((offer) => `${offer.hub}/${name}`);
  throw new CatalogError(`Cannot ${command} "${name}": several hubs have it: ${names.join(", ")}`, {
    code: "AMBIGUOUS",
    hint: `add the hub: wasm-bpf ${command} ${names.at(-1)}`,
  });
}

/** The box has one version of each tool: that of the binary. */
function checkBoxVersion({ hub, name }: Offer, version: string | undefined): void {
  if (hub !== BOX || version === undefined || compareVersions(version, BOX_VERSION) === 0) return;
  throw new CatalogError(`Cannot find version ${version} of "${hub}/${name}"`, {
    code: "NO_VERSION",
    hint: `this wasm-bpf has ${BOX_VERSION}`,
  });
}

function noTool(name: string, hub: string | undefined, offers: readonly Offer[]): CatalogError {
  const close = nearest(name, offers.map((offer) => offer.name));
  const where = hub === undefined ? "no hub has it" : `the hub "${hub}" does not have it`;
  return new CatalogError(`Cannot find the tool "${name}": ${where}`, {
    code: "NO_TOOL",
    hint: close === undefined
      ? `run wasm-bpf search ${
        name.slice(0, 4)
      } to find tools, wasm-bpf hub refresh to fetch newer catalogues`
      : `did you mean ${close}?`,
  });
}

/**
 * Returns a version of a tool: the given one, or the newest release for this machine.
 *
 * @throws {CatalogError} `NO_VERSION`, `UNSUPPORTED`
 */
export function versionOf(offer: Offer, wanted: string | undefined): CatalogVersion {
  const { name, versions } = offer;
  if (wanted !== undefined) {
    const found = versions.find(({ version }) => compareVersions(version, wanted) === 0);
    if (found === undefined) {
      const known = versions.slice(0, 8).map(({ version }) => version).join(", ");
      throw new CatalogError(`Cannot find version ${wanted} of "${offer.hub}/${name}"`, {
        code: "NO_VERSION",
        hint: `the versions are ${known}`,
      });
    }
    if (isForThisMachine(found)) return found;
  }
  const newest = wanted === undefined ? defaultVersion(versions) : undefined;
  if (newest !== undefined) return newest;
  throw new CatalogError(
    `Cannot use "${offer.hub}/${name}": it is not made for ${Deno.build.arch}`,
    {
      code: "UNSUPPORTED",
      hint: `it runs on ${[...new Set(versions.flatMap((one) => one.architectures))].join(", ")}`,
    },
  );
}

/** Returns the newest release for this machine; a pre-release only where there is nothing else. */
export function defaultVersion(versions: readonly CatalogVersion[]): CatalogVersion | undefined {
  const usable = versions.filter(isForThisMachine);
  return usable.find(({ version }) => !version.includes("-")) ?? usable[0];
}

function isForThisMachine({ architectures }: CatalogVersion): boolean {
  return architectures.includes(Deno.build.arch);
}
