/** Objects without metadata. */
import { ObjectFile } from "../../ebpf/plain/mod.ts";
import { toolTags } from "./option_tags.ts";
import type { Tool } from "./tool.ts";
import { optionsOf } from "./tool_options.ts";

/** Returns an object without metadata as a tool. */
export function plainTool(bytes: Uint8Array<ArrayBuffer>, name: string): Tool {
  const file = new ObjectFile(bytes);
  const about = file.btf === undefined ? undefined : toolTags(file.btf).about;
  return {
    name,
    file,
    ...(about === undefined ? {} : { about: sentence(about) }),
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

/** Returns a summary such as "show ended processes" as the first line of a help text. */
function sentence(summary: string): string {
  const [, verb = "", rest = ""] = /^(\w+)(.*)$/s.exec(summary) ?? [];
  return verb === "" ? summary : `${verb[0]?.toUpperCase()}${verb.slice(1)}s${rest}.`;
}
