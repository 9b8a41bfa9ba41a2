/** Tools to install: pulls what is pinned, and compares it with its description. */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import {
  BOX,
  CatalogError,
  type CatalogVersion,
  formatReference,
  type Hub,
  hubFingerprint,
  keepGrant,
  type Origin,
  parseReference,
  type Pin,
  pullAdmitted,
  type Pulled,
  readModule,
  repositoryOf,
  Store,
  type ToolOrigin,
  type TransferObserver,
} from "../../oci/mod.ts";
import { isOlder } from "../../ebpf/inspection/mod.ts";
import { boxFile } from "../box/box.ts";
import { openRemote, type RemoteOptions } from "../args/registry_options.ts";
import { kernelRelease } from "../module/kernel_release.ts";
import { type ToolFacts, toolFacts } from "./facts.ts";
import { isInPath } from "./launcher.ts";
import { BOX_VERSION, type Offer } from "./offers.ts";

/** Tool to install. */
export interface Wanted {
  /** Name that it is to run under. */
  readonly name: string;
  readonly origin: ToolOrigin;
  readonly pin: Pin;
  /** Levels that its catalogue declares; undefined without a catalogue to compare with. */
  readonly declared: readonly string[] | undefined;
}

/** Tool whose artifact is in the store, verified. */
export interface Ready extends Wanted {
  readonly facts: ToolFacts;
  /** Repository, digest and signers; undefined for a tool of the box. */
  readonly artifact: Origin | undefined;
}

/** Connections and progress of an installation. */
export interface FetchOptions extends RemoteOptions {
  readonly observer: TransferObserver;
  readonly signal: AbortSignal;
  readonly verifyKeys?: readonly string[] | undefined;
}

/** Returns the tool of an offer, pinned. */
export function wantedOf(offer: Offer, version: CatalogVersion | undefined, name: string): Wanted {
  const { hub, source } = offer;
  if (version === undefined) return boxWanted(offer.name, name);
  return {
    name,
    origin: originOf(hub, source, offer.name),
    pin: { version: version.version, reference: version.reference, kind: version.kind },
    declared: version.permissions,
  };
}

/** Returns the origin of a tool of a hub. */
export function originOf(hub: string, source: Hub | undefined, tool: string): ToolOrigin {
  return {
    hub,
    catalog: source?.reference ?? "",
    key: source === undefined ? "" : hubFingerprint(source),
    tool,
  };
}

/**
 * Returns a tool of the box, with the digest of its file.
 *
 * @throws {CatalogError} `NO_TOOL`
 */
export function boxWanted(tool: string, name: string): Wanted {
  const bytes = boxFile(tool);
  if (bytes === undefined) {
    throw new CatalogError(`Cannot install "${tool}": wasm-bpf has no such tool for this machine`, {
      code: "NO_TOOL",
      hint: "run wasm-bpf tools to list its tools",
    });
  }
  const reference = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const kind = bytes[0] === 0x7f ? "object" : "module";
  return {
    name,
    origin: { hub: BOX, catalog: "", key: "", tool },
    pin: { version: BOX_VERSION, reference, kind },
    declared: undefined,
  };
}

/**
 * Pulls a tool's artifact into the store, as policies and keys admit it, and reads what it does.
 *
 * @throws {CatalogError} `UNDECLARED` when it needs permissions that its catalogue does not have
 */
export async function fetchTool(wanted: Wanted, options: FetchOptions): Promise<Ready> {
  const { name, origin, pin } = wanted;
  if (origin.hub === BOX) {
    const bytes = boxFile(origin.tool) ?? new Uint8Array();
    return { ...wanted, facts: await toolFacts(bytes, name), artifact: undefined };
  }
  const { observer, signal, verifyKeys } = options;
  const reference = parseReference(pin.reference);
  await using store = await Store.open();
  const wasThere = isNamed(store, pin.reference);
  const pulled = await pullAdmitted(reference, store, {
    connect: () => openRemote(reference, options),
    observer,
    signal,
    verifyKeys,
  });
  const what = formatReference(reference);
  try {
    const bytes = await readModule({ content: store, place: pulled.place, what }, { signal });
    const facts = await toolFacts(bytes, what);
    checkFacts(wanted, facts);
    return { ...wanted, facts, artifact: artifactOf(pulled, repositoryOf(reference)) };
  } catch (error) {
    // A refused tool does not stay under its name.
    if (!wasThere && isNamed(store, pin.reference)) await store.untag([pin.reference]);
    throw error;
  }
}

/** Reports whether the store has an artifact under a name. */
export function isNamed(store: Store, name: string): boolean {
  return store.entries().some(({ annotations }) =>
    annotations?.["org.opencontainers.image.ref.name"] === name
  );
}

function artifactOf({ manifest, verdicts }: Pulled, repository: string): Origin {
  const signers = verdicts.map(({ key: { fingerprint, name } }) => ({ fingerprint, name }));
  return { repository, digest: manifest.digest, signers };
}

/** A catalogue that shows less than a tool does would mislead its users. */
function checkFacts({ name, declared, pin, origin }: Wanted, facts: ToolFacts): void {
  if (declared === undefined) return;
  const missing = facts.levels.filter((level) => level !== "observe" && !declared.includes(level));
  const reason = missing.length > 0
    ? `it needs ${missing.join(", ")}, which the catalogue of "${origin.hub}" does not declare`
    : facts.kind === pin.kind
    ? undefined
    : `it is of the kind ${facts.kind}, and the catalogue of "${origin.hub}" has ${pin.kind}`;
  if (reason === undefined) return;
  throw new CatalogError(`Cannot install "${name}": ${reason}`, {
    code: "UNDECLARED",
    hint: "do not use it; ask the publisher of the catalogue",
  });
}

/** Returns lines about a tool for its user, before it runs for the first time. */
export function describeReady({ facts, pin, origin, name }: Ready): string[] {
  const own = kernelRelease();
  const asked = facts.levels.filter((level) => level !== "observe" && level !== "inspect");
  return [
    `${name} ${pin.version} from ${origin.hub}`,
    `  permissions  ${facts.levels.join(", ") || "none"}` +
    (asked.length === 0 || origin.hub === BOX
      ? ""
      : `; a run asks for ${asked.join(", ")} on a terminal, or needs --allow-bpf=${
        asked.join(",")
      }`),
    ...facts.summaries.map((summary) => `  programs     ${summary}`),
    ...(facts.isOpen
      ? ["  programs     some are read or made at run time, and cannot be inspected"]
      : []),
    ...(own !== undefined && isOlder(own, facts.kernel)
      ? [`  warning      needs Linux ${facts.kernel}; this one is ${own}`]
      : []),
  ];
}

/** Returns notes about launchers that are not found by their names. */
export function launcherNotes(launcher: string, sudoUser: boolean): string[] {
  const folder = dirname(launcher);
  const name = basename(launcher);
  return [
    ...(isInPath(folder) ? [] : [`note: ${folder} is not in PATH: run ${join(folder, name)}`]),
    ...(sudoUser
      ? [`note: sudo ${name} does not find it: run sudo wasm-bpf install ${name} for that`]
      : []),
  ];
}

/**
 * Keeps a grant of levels for the installed artifact.
 *
 * @throws {TrustError} when the file of grants cannot be written
 */
export function grantLevels({ artifact }: Ready, levels: readonly string[]): void {
  if (artifact !== undefined) keepGrant(artifact, { levels, kfuncs: [] });
}
