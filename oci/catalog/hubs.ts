/** Hubs of a user: references of catalogues with their pinned keys, and the catalogues last fetched. */
import { type Digest, digestOf, isDigest } from "../digest.ts";
import type { JsonObject } from "../json.ts";
import { formatReference, parseReference, type Reference } from "../reference.ts";
import { PublicKey } from "../trust/public_key.ts";
import type { FetchedCatalog } from "./artifact.ts";
import { type Catalog, isToolName, parseCatalog } from "./catalog.ts";
import { CatalogError } from "./errors.ts";
import { LockedState, orBadState, readState, readStateBytes, stateFile } from "./state.ts";

/** Hub. */
export interface Hub {
  /** Name that the user gave it. */
  readonly name: string;
  /** Reference of its catalogue. */
  readonly reference: string;
  /** Pinned public key in PEM; undefined for a hub that is allowed to be unsigned. */
  readonly key?: string;
  /** Catalogue that was last fetched. */
  readonly catalog: SeenCatalog;
}

/** Catalogue that a hub has shown; older ones are refused from then on. */
export interface SeenCatalog {
  /** Identity in the document. */
  readonly name: string;
  /** Serial in the document. */
  readonly serial: number;
  /** Digest of the document. */
  readonly digest: Digest;
  /** Time of the fetch, RFC 3339. */
  readonly fetched: string;
}

/** Serial that was seen of a hub which was removed: adding it again does not forget it. */
interface SeenSerial {
  readonly reference: string;
  readonly key: string;
  readonly serial: number;
}

interface HubState {
  readonly hubs: readonly Hub[];
  readonly seen: readonly SeenSerial[];
}

/** Name of the tools in the binary, which no hub can have. */
export const BOX = "box";

const FILE = "hubs.json";
const CATALOG_START = "catalog-";
/** Serials of removed hubs that are kept. */
const MAX_SEEN = 1000;

/** Returns the hubs, by name. */
export function readHubs(): readonly Hub[] {
  return readHubState().hubs;
}

function readHubState(): HubState {
  const json = readState(FILE);
  if (json === undefined) return { hubs: [], seen: [] };
  return orBadState(stateFile(FILE), () => ({
    hubs: (json.objects("hubs") ?? []).map(readHub),
    seen: (json.objects("seen") ?? []).map((one) => ({
      reference: one.requiredString("reference"),
      key: one.requiredText("key"),
      serial: one.requiredCount("serial"),
    })),
  }));
}

function readHub(json: JsonObject): Hub {
  const name = json.requiredString("name");
  if (!isToolName(name)) throw json.error("name", "is not a name");
  const key = json.string("key");
  const seen = json.requiredObject("catalog");
  const digest = seen.requiredString("digest");
  if (!isDigest(digest)) throw seen.error("digest", "is not a digest");
  return {
    name,
    reference: formatReference(parseReference(json.requiredString("reference"))),
    ...(key === undefined ? {} : { key }),
    catalog: {
      name: seen.requiredString("name"),
      serial: seen.requiredCount("serial"),
      digest,
      fetched: seen.requiredString("fetched"),
    },
  };
}

/**
 * Returns a hub by its name.
 *
 * @throws {CatalogError} `NO_HUB`
 */
export function hubNamed(name: string, hubs: readonly Hub[] = readHubs()): Hub {
  const hub = hubs.find((one) => one.name === name);
  if (hub !== undefined) return hub;
  throw new CatalogError(`Cannot find the hub "${name}": not added`, {
    code: "NO_HUB",
    hint: "run wasm-bpf hub list to show the hubs, wasm-bpf hub add to add one",
  });
}

/** Returns the pinned key of a hub. */
export function hubKey({ name, key }: Pick<Hub, "name" | "key">): PublicKey | undefined {
  return key === undefined ? undefined : PublicKey.parse(key, `the key of the hub ${name}`);
}

/** Returns the fingerprint of the hub's key; "" for an unsigned hub. */
export function hubFingerprint(hub: Pick<Hub, "name" | "key">): string {
  return hubKey(hub)?.fingerprint ?? "";
}

/**
 * Returns the catalogue of a hub as last fetched, without the network.
 *
 * @throws {CatalogError} `BAD_STATE` when its file is not the one that was verified
 */
export function readHubCatalog(hub: Hub): Catalog {
  const { digest } = hub.catalog;
  const bytes = readStateBytes(catalogFile(digest));
  if (bytes === undefined || digestOf(bytes) !== digest) {
    throw new CatalogError(`Cannot read the catalogue of the hub "${hub.name}": lost or damaged`, {
      code: "BAD_STATE",
      hint: `run wasm-bpf hub refresh ${hub.name} to fetch it again`,
    });
  }
  return parseCatalog(bytes, `the catalogue of the hub ${hub.name}`);
}

function catalogFile(digest: Digest): string {
  return `${CATALOG_START}${digest.replace(":", "-")}.json`;
}

/** New hub. */
export interface NewHub {
  /** Name. */
  readonly name: string;
  /** Reference of its catalogue. */
  readonly reference: Reference;
  /** Public key in PEM; undefined for an unsigned one. */
  readonly key: string | undefined;
}

/**
 * Checks that a hub can be added, before its catalogue is fetched.
 *
 * @throws {CatalogError} `HUB_EXISTS`
 */
export function checkNewHub({ name }: Pick<NewHub, "name">, hubs = readHubs()): void {
  if (name !== BOX && !hubs.some((hub) => hub.name === name)) return;
  throw new CatalogError(`Cannot add the hub "${name}": a hub has this name`, {
    code: "HUB_EXISTS",
    hint: name === BOX
      ? "choose another name: box is the tools in the binary"
      : `choose another name, or run wasm-bpf hub remove ${name} first`,
  });
}

/**
 * Adds a hub with its catalogue.
 *
 * @throws {CatalogError} `HUB_EXISTS`, `ROLLBACK`
 */
export async function addHub(hub: NewHub, fetched: FetchedCatalog, now = new Date()): Promise<Hub> {
  using state = await LockedState.acquire();
  const { hubs, seen } = readHubState();
  checkNewHub(hub, hubs);
  const { name, key } = hub;
  const reference = formatReference(hub.reference);
  const added: Hub = {
    name,
    reference,
    ...(key === undefined ? {} : { key }),
    catalog: seenOf(fetched, now),
  };
  const fingerprint = hubFingerprint(added);
  const { serial } = fetched.catalog;
  const before = Math.max(
    0,
    ...seen.filter((one) => one.reference === reference && one.key === fingerprint)
      .map((one) => one.serial),
    // Hubs that have this reference and key under another name.
    ...hubs.filter((one) => one.reference === reference && hubFingerprint(one) === fingerprint)
      .map((one) => one.catalog.serial),
  );
  if (serial < before) throw rollback(name, { serial, before });
  await writeHubs(state, { hubs: [...hubs, added], seen }, fetched);
  return added;
}

/**
 * Keeps a newly fetched catalogue of a hub.
 *
 * @returns the hub with it
 * @throws {CatalogError} `ROLLBACK` for an older one, `CHANGED_CATALOG` for another one with the same
 *   serial or with another name; `NO_HUB`, `HUB_CHANGED` when the hub was changed during the fetch
 */
export async function keepCatalog(
  hub: Hub,
  fetched: FetchedCatalog,
  now = new Date(),
): Promise<Hub> {
  using state = await LockedState.acquire();
  const { hubs, seen } = readHubState();
  const current = hubNamed(hub.name, hubs);
  if (current.reference !== hub.reference || current.key !== hub.key) {
    throw new CatalogError(`Cannot refresh the hub "${hub.name}": it was replaced meanwhile`, {
      code: "HUB_CHANGED",
      hint: "run the command again",
    });
  }
  checkSuccessor(current, fetched);
  const updated = { ...current, catalog: seenOf(fetched, now) };
  const others = hubs.map((one) => one === current ? updated : one);
  await writeHubs(state, { hubs: others, seen }, fetched);
  return updated;
}

function checkSuccessor({ name, catalog }: Hub, { catalog: next, digest }: FetchedCatalog): void {
  if (next.name !== catalog.name) {
    throw new CatalogError(
      `Cannot refresh the hub "${name}": its catalogue is "${next.name}" instead of "${catalog.name}"`,
      {
        code: "CHANGED_CATALOG",
        hint: "ask its publisher; the catalogue fetched before stays in use",
      },
    );
  }
  if (next.serial < catalog.serial) {
    throw rollback(name, { serial: next.serial, before: catalog.serial });
  }
  if (next.serial === catalog.serial && digest !== catalog.digest) {
    throw new CatalogError(
      `Cannot refresh the hub "${name}": another catalogue has the serial ${next.serial}`,
      {
        code: "CHANGED_CATALOG",
        hint: "ask its publisher; the catalogue fetched before stays in use",
      },
    );
  }
}

function rollback(
  name: string,
  { serial, before }: { serial: number; before: number },
): CatalogError {
  return new CatalogError(
    `Cannot use the catalogue of the hub "${name}": its serial is ${serial}, older than ${before}, ` +
      "which was seen before",
    {
      code: "ROLLBACK",
      hint: "the registry serves an old catalogue; ask its publisher",
    },
  );
}

function seenOf({ catalog, digest }: FetchedCatalog, now: Date): SeenCatalog {
  return { name: catalog.name, serial: catalog.serial, digest, fetched: now.toISOString() };
}

/** The catalogue first: a hub never refers to a file that does not exist. */
async function writeHubs(
  state: LockedState,
  content: HubState,
  fetched?: FetchedCatalog,
): Promise<void> {
  if (fetched !== undefined) await state.write(catalogFile(fetched.digest), fetched.bytes);
  const hubs = [...content.hubs].sort((a, b) => a.name < b.name ? -1 : 1);
  await state.write(FILE, { ...content, hubs });
  await state.removeOthers(
    CATALOG_START,
    new Set(hubs.map(({ catalog }) => catalogFile(catalog.digest))),
  );
}

/**
 * Removes a hub. Its tools stay installed.
 *
 * @throws {CatalogError} `NO_HUB`
 */
export async function removeHub(name: string): Promise<Hub> {
  using state = await LockedState.acquire();
  const { hubs, seen } = readHubState();
  const hub = hubNamed(name, hubs);
  const { reference, catalog: { serial } } = hub;
  const key = hubFingerprint(hub);
  const others = seen.filter((one) => one.reference !== reference || one.key !== key);
  await writeHubs(state, {
    hubs: hubs.filter((one) => one !== hub),
    seen: [...others, { reference, key, serial }].slice(-MAX_SEEN),
  });
  return hub;
}
