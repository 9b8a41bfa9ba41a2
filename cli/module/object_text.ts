/** Shows the facts of an eBPF object as text. */
import { isOlder, type ObjectFacts, type ProgramFacts } from "../../ebpf/inspection/mod.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/units.ts";
import { kernelRelease } from "./kernel_release.ts";
import type { DamagedObject } from "./module_facts.ts";

/** Names of calls that a row shows before the rest is counted. */
const SHOWN_REASONS = 3;

/** Returns lines: a summary, a table of programs, and a table of maps. */
export function objectLines(object: ObjectFacts | DamagedObject): string[] {
  if ("problem" in object) return [object.problem];
  const { license, level, summary, programs, maps } = object;
  return [
    `${formatBytes(object.sizeBytes)}, license ${license ?? "none"}, level ${level}`,
    summary,
    kernelLine(object),
    ...(programs.length === 0 ? [] : indent(formatTable([
      ["PROGRAM", "TYPE", "SECTION", "LEVEL", "BECAUSE OF"],
      ...programs.map(programRow),
    ]))),
    ...(maps.length === 0 ? [] : indent(formatTable([
      ["MAP", "TYPE", "KEY", "VALUE", "ENTRIES"],
      ...maps.map(({ name, type, keyBytes, valueBytes, maxEntries }) => [
        name,
        type,
        ...[keyBytes, valueBytes, maxEntries].map(String),
      ]),
    ], { right: [2, 3, 4] }))),
  ];
}

/** Shows the oldest kernel with the needs that make it so, and a warning where this one is older. */
function kernelLine({ kernel: { version, because } }: ObjectFacts): string {
  const own = kernelRelease();
  const shown = because.slice(0, SHOWN_REASONS).join(", ");
  const more = because.length > SHOWN_REASONS ? ` and ${because.length - SHOWN_REASONS} more` : "";
  return `needs Linux ${version}` + (because.length === 0 ? "" : ` (${shown}${more})`) +
    (own !== undefined && isOlder(own, version) ? `; this one is ${own} and lacks that` : "");
}

function programRow({ name, type, section, level, reasons }: ProgramFacts): string[] {
  const shown = reasons.slice(0, SHOWN_REASONS).join(", ");
  const more = reasons.length - SHOWN_REASONS;
  return [name, type, section, level, more > 0 ? `${shown} and ${more} more` : shown];
}

function indent(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}
