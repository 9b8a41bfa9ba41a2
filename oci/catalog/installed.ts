/** Installed tools of a user: which artifact runs under which name. */
import type { JsonObject } from "../json.ts";
import { isToolName, pinnedReference, TOOL_KINDS, type ToolKind } from "./catalog.ts";
import { CatalogError } from "./errors.ts";
import { LockedState, orBadState, readState, stateFile } from "./state.ts";
import { isVersion } from "./version.ts";

/** Hub that a tool came from, as it was then. */
export interface ToolOrigin {
  /** Name of the hub; `box` for a tool of the binary. */
  readonly hub: string;
  /** Reference of the hub's catalogue; "" for the box. */
  readonly catalog: string;
  /** Fingerprint of the hub's key; "" for the box and for an unsigned hub. */
  readonly key: string;
  /** Name of the tool in the catalogue. */
  readonly tool: string;
}

/** Pinned version. */
export interface Pin {
  /** Version. */
  readonly version: string;
  /** `registry/repository@digest`; for a tool of the box `sha256:` and the digest of its file. */
  readonly reference: string;
  /** Content. */
  readonly kind: ToolKind;
}

/** Installed tool. */
export interface InstalledTool extends Pin {
  /** Name that it runs under. */
  readonly name: string;
  /** Origin. */
  readonly origin: ToolOrigin;
  /** Levels of permissions that its eBPF programs need. */
  readonly permissions: readonly string[];
  /** Path of its launcher. */
  readonly launcher: string;
  /** Time of the installation or upgrade, RFC 3339. */
  readonly installed: string;
  /** Version before the last upgrade, which stays in the store. */
  readonly previous?: Pin;
}

const FILE = "installed.json";

/** Returns the installed tools, by name. */
export function readInstalled(): readonly InstalledTool[] {
  const json = readState(FILE);
  if (json === undefined) return [];
  return orBadState(stateFile(FILE), () => (json.objects("tools") ?? []).map(readTool));
}

/** Returns an installed tool; undefined also for a word that cannot be a name. */
export function installedTool(name: string): InstalledTool | undefined {
  return isToolName(name) ? readInstalled().find((tool) => tool.name === name) : undefined;
}

/**
 * Returns an installed tool by its name.
 *
 * @throws {CatalogError} `NOT_INSTALLED`
 */
export function toolNamed(
  name: string,
  tools: readonly InstalledTool[] = readInstalled(),
): InstalledTool {
  const tool = tools.find((one) => one.name === name);
  if (tool !== undefined) return tool;
  throw new CatalogError(`Cannot find the tool "${name}": not installed for this user`, {
    code: "NOT_INSTALLED",
    hint: "run wasm-bpf list to show the installed tools; those of root need sudo",
  });
}

function readTool(json: JsonObject): InstalledTool {
  const name = json.requiredString("name");
  if (!isToolName(name)) throw json.error("name", "is not a name");
  const origin = json.requiredObject("origin");
  const previous = json.object("previous");
  return {
    name,
    ...readPin(json),
    origin: {
      hub: origin.requiredString("hub"),
      catalog: origin.requiredText("catalog"),
      key: origin.requiredText("key"),
      tool: origin.requiredString("tool"),
    },
    permissions: json.strings("permissions") ?? [],
    launcher: json.requiredString("launcher"),
    installed: json.requiredString("installed"),
    ...(previous === undefined ? {} : { previous: readPin(previous) }),
  };
}

/** Reads the members of a pin. */
export function readPin(json: JsonObject): Pin {
  const version = json.requiredString("version");
  if (!isVersion(version)) throw json.error("version", "is not a version");
  const reference = json.requiredString("reference");
  const isDigestAlone = /^sha256:[0-9a-f]{64}$/.test(reference);
  if (!isDigestAlone && pinnedReference(reference) === undefined) {
    throw json.error("reference", "is not a complete registry/repository@digest");
  }
  const kind = TOOL_KINDS.find((one) => one === json.requiredString("kind"));
  if (kind === undefined) throw json.error("kind", "is not known");
  return { version, reference, kind };
}

/** Installed tools, locked for changes by this process until it is disposed of. */
export class InstalledTools implements Disposable {
  readonly #state: LockedState;
  #tools: readonly InstalledTool[];

  private constructor(state: LockedState) {
    this.#state = state;
    this.#tools = readInstalled();
  }

  /** Waits for the lock, then reads the tools. */
  static async lock(): Promise<InstalledTools> {
    const state = await LockedState.acquire();
    try {
      return new InstalledTools(state);
    } catch (error) {
      state[Symbol.dispose]();
      throw error;
    }
  }

  /** Tools, by name. */
  get tools(): readonly InstalledTool[] {
    return this.#tools;
  }

  /** Replaces the whole list at once; readers see the old one or the new one. */
  async replace(tools: readonly InstalledTool[]): Promise<void> {
    const sorted = [...tools].sort((a, b) => a.name < b.name ? -1 : 1);
    await this.#state.write(FILE, { tools: sorted });
    this.#tools = sorted;
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }
}
