/** Installs tools: pulls what is pinned, compares it with its description, then records it and its launcher. */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import {
  BOX,
  CatalogError,
  type CatalogVersion,
  compareVersions,
  formatReference,
  type Hub,
  hubFingerprint,
  type InstalledTool,
  InstalledTools,
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
import { checkLauncher, isInPath, removeLauncher, writeLauncher } from "./launcher.ts";
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

function isNamed(store: Store, name: string): boolean {
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

/** Change to make under a name. */
export interface Change {
  readonly ready: Ready;
  /** Path of the launcher. */
  readonly launcher: string;
}

/** Outcome of one change. */
export interface Outcome {
  readonly name: string;
  readonly version: string;
  /** Version that ran under the name before. */
  readonly before?: string;
}

/**
 * Decides whether a change is allowed over the tools that are installed then; throws to refuse it.
 */
export type Admit = (ready: Ready, before: InstalledTool | undefined) => void;

/**
 * Records tools, all of them or none, and writes their launchers. The record is replaced at once, so a
 * name runs its old version or its new one at any moment.
 *
 * @throws {CatalogError} what `admit` throws, and those of launchers; then nothing has changed
 */
export async function commit(
  changes: readonly Change[],
  admit: Admit,
  signal: AbortSignal,
): Promise<Outcome[]> {
  using state = await InstalledTools.lock();
  const before = state.tools;
  for (const { ready, launcher } of changes) {
    admit(ready, before.find(({ name }) => name === ready.name));
    checkLauncher(launcher, ready.name);
  }
  // From here on the work is short, and is completed.
  signal.throwIfAborted();
  const records = changes.map((change) => recordOf(change, before));
  const names = new Set(records.map(({ name }) => name));
  await state.replace([...before.filter(({ name }) => !names.has(name)), ...records]);
  try {
    for (const { launcher, name } of records) writeLauncher(launcher, name);
  } catch (error) {
    await state.replace(before);
    removeNew(records, before);
    throw error;
  }
  removeMoved(records, before);
  await forget(before, state.tools);
  return records.map(({ name, version }) => {
    const old = before.find((tool) => tool.name === name)?.version;
    return { name, version, ...(old === undefined ? {} : { before: old }) };
  });
}

function recordOf({ ready, launcher }: Change, tools: readonly InstalledTool[]): InstalledTool {
  const { name, pin, origin } = ready;
  const before = tools.find((tool) => tool.name === name);
  const isSame = before?.reference === pin.reference;
  const previous = before === undefined
    ? undefined
    : isSame
    ? before.previous
    : { version: before.version, reference: before.reference, kind: before.kind };
  return {
    name,
    ...pin,
    origin,
    permissions: ready.facts.levels,
    launcher,
    installed: isSame && before !== undefined ? before.installed : new Date().toISOString(),
    ...(previous === undefined ? {} : { previous }),
  };
}

function removeNew(records: readonly InstalledTool[], before: readonly InstalledTool[]): void {
  for (const { name, launcher } of records) {
    if (!before.some((tool) => tool.name === name)) removeLauncher(launcher, name);
  }
}

/** Removes launchers of tools that moved to another directory. */
function removeMoved(records: readonly InstalledTool[], before: readonly InstalledTool[]): void {
  for (const { name, launcher } of records) {
    const old = before.find((tool) => tool.name === name)?.launcher;
    if (old !== undefined && old !== launcher) removeLauncher(old, name);
  }
}

/** Removes the names of artifacts that no tool has any more from the store; their blobs go with a prune. */
export async function forget(
  before: readonly InstalledTool[],
  after: readonly InstalledTool[],
): Promise<void> {
  const pinned = (tools: readonly InstalledTool[]) =>
    new Set(tools.flatMap(({ reference, previous }) => [reference, previous?.reference ?? ""]));
  const kept = pinned(after);
  await using store = Store.openExisting();
  if (store === undefined) return;
  for (const name of pinned(before)) {
    const isGone = !kept.has(name) && name.includes("/");
    if (isGone && isNamed(store, name)) await store.untag([name]);
  }
}

/**
 * Refuses changes that only `upgrade` makes.
 *
 * @param isExplicit true if the user named the version
 * @throws {CatalogError} `INSTALLED`, `CHANGED_VERSION`
 */
export function admitInstall(isExplicit: boolean): Admit {
  return ({ name, pin, origin }, before) => {
    if (before === undefined) return;
    if (!isSameOrigin(origin, before.origin)) {
      throw new CatalogError(
        `Cannot install "${name}": "${before.origin.hub}/${before.origin.tool}" is installed under ` +
          "this name",
        {
          code: "INSTALLED",
          hint: `choose another name with --as NAME, or run wasm-bpf uninstall ${name} first`,
        },
      );
    }
    if (before.reference === pin.reference) return;
    checkVersion(before, pin);
    if (isExplicit || origin.hub === BOX) return;
    throw new CatalogError(`Cannot install "${name}": version ${before.version} is installed`, {
      code: "INSTALLED",
      hint: `run wasm-bpf upgrade ${name}, or name the version: ${name}@${pin.version}`,
    });
  };
}

/**
 * Refuses another digest for a version that was pinned: a version never changes.
 *
 * @throws {CatalogError} `CHANGED_VERSION`
 */
export function checkVersion(before: InstalledTool, pin: Pin): void {
  if (before.origin.hub === BOX || before.reference === pin.reference) return;
  const known = [before, ...before.previous === undefined ? [] : [before.previous]];
  const changed = known.find((one) =>
    compareVersions(one.version, pin.version) === 0 && one.reference !== pin.reference
  );
  if (changed === undefined) return;
  throw new CatalogError(
    `Cannot change "${before.name}": version ${pin.version} is ${pin.reference} now, and was ` +
      changed.reference,
    {
      code: "CHANGED_VERSION",
      hint:
        `ask the publisher; if the change is right, run wasm-bpf uninstall ${before.name} first`,
    },
  );
}

/** Reports whether two origins are the same tool of the same hub with the same key. */
export function isSameOrigin(a: ToolOrigin, b: ToolOrigin): boolean {
  return a.hub === b.hub && a.catalog === b.catalog && a.key === b.key && a.tool === b.tool;
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
