/** Records tools and writes their launchers: all of a change, or nothing. */
import { type InstalledTool, InstalledTools, Store } from "../../oci/mod.ts";
import { checkLauncher, removeLauncher, writeLauncher } from "./launcher.ts";
import { isNamed, type Ready } from "./install.ts";

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
