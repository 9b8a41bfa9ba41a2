/** Objects without metadata. */
import { ObjectFile } from "../../ebpf/plain/mod.ts";
import type { Tool } from "./tool.ts";
import { optionsOf } from "./tool_options.ts";

/** Returns an object without metadata as a tool. */
export function plainTool(bytes: Uint8Array<ArrayBuffer>, name: string): Tool {
  const file = new ObjectFile(bytes);
  return {
    name,
    file,
    options: optionsOf(file),
    declared: new Map(),
    sourceNames: new Map(),
    hints: new Map(),
    tables: undefined,
    iterators: [],
    targets: new Map(),
    notes: [],
    lossMaps: new Map(),
  };
}
