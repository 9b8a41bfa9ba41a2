/** Lock files: lists of tools with their digests, to install the same elsewhere. */
import {
  BOX,
  CatalogError,
  type InstalledTool,
  isToolName,
  readPin,
  readUntrustedJson,
} from "../../oci/mod.ts";
import { readInput } from "../module/input_file.ts";
import { toJson } from "../terminal/output.ts";
import { boxWanted, type Wanted } from "./install.ts";

const VERSION = 1;
const MAX_BYTES = 2 ** 20;
const MAX_TOOLS = 1000;

/** Returns a lock file of tools. */
export function lockFileOf(tools: readonly InstalledTool[]): string {
  return toJson({
    version: VERSION,
    tools: tools.map(({ name, version, reference, kind, origin }) => ({
      name,
      version,
      reference,
      kind,
      origin,
    })),
  }, 2);
}

/**
 * Reads a lock file.
 *
 * @throws {CatalogError} `BAD_LOCK_FILE`, `LOCK_MISMATCH` when the box has another version of a tool
 */
export function readLockFile(path: string): Wanted[] {
  const bytes = readInput(path, { maxBytes: MAX_BYTES });
  const json = readUntrustedJson(bytes, { what: path, code: "BAD_LOCK_FILE" });
  if (json.count("version") !== VERSION) throw json.error("version", `is not ${VERSION}`);
  const tools = json.objects("tools") ?? [];
  if (tools.length === 0 || tools.length > MAX_TOOLS) {
    throw json.error("tools", `is empty or has more than ${MAX_TOOLS} elements`);
  }
  const names = new Set<string>();
  return tools.map((tool) => {
    const name = tool.requiredString("name");
    if (!isToolName(name) || names.has(name)) {
      throw tool.error("name", "is not a name, or repeated");
    }
    names.add(name);
    const origin = tool.requiredObject("origin");
    const hub = origin.requiredString("hub");
    const from = origin.requiredString("tool");
    if (!isToolName(hub)) throw origin.error("hub", "is not a name");
    if (!isToolName(from)) throw origin.error("tool", "is not a name");
    const pin = readPin(tool);
    if (hub === BOX) return lockedBoxTool(name, from, pin.reference);
    if (!pin.reference.includes("/")) {
      throw tool.error("reference", "is not a complete registry/repository@digest");
    }
    return {
      name,
      origin: {
        hub,
        catalog: origin.requiredText("catalog"),
        key: origin.requiredText("key"),
        tool: from,
      },
      pin,
      declared: undefined,
    };
  });
}

function lockedBoxTool(name: string, tool: string, digest: string): Wanted {
  const wanted = boxWanted(tool, name);
  if (wanted.pin.reference === digest) return wanted;
  throw new CatalogError(`Cannot install "${name}": this wasm-bpf has another version of it`, {
    code: "LOCK_MISMATCH",
    hint: "use the wasm-bpf that the lock file was made with, or make a new lock file",
  });
}
