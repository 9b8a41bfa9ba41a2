/** Shows the facts of an eBPF object as text. */
import type { GlobalFacts, MapFacts, ProgramFacts } from "../../ebpf/inspection/mod.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/units.ts";
import { kernelRelease } from "../module/kernel_release.ts";
import type { DamagedObject, KnownObject } from "../module/module_facts.ts";

/** Names of calls that a row shows before the rest is counted. */
const SHOWN_REASONS = 3;

/**
 * Returns lines: a summary, and a table each of programs, maps and global variables.
 *
 * @param isTool true for an object that runs by itself, whose constants are options
 */
export function objectLines(
  object: KnownObject | DamagedObject,
  { isTool }: { isTool: boolean },
): string[] {
  if ("problem" in object) return [object.problem];
  const { license, level, summary, programs, maps, globals } = object;
  return [
    `${formatBytes(object.sizeBytes)}, license ${license ?? "none"}, level ${level}`,
    summary,
    kernelLine(object),
    ...(programs.length === 0 ? [] : indent(formatTable([
      ["PROGRAM", "TYPE", "SECTION", "LEVEL", "BECAUSE OF"],
      ...programs.map(programRow),
    ]))),
    ...(maps.length === 0 ? [] : indent(mapTable(maps, object.mapsMemoryBytes))),
    ...(globals.length === 0 ? [] : indent(globalTable(globals, isTool))),
  ];
}

function mapTable(maps: readonly MapFacts[], totalBytes: number): string {
  return formatTable([
    ["MAP", "TYPE", "KEY", "VALUE", "ENTRIES", "MEMORY"],
    ...maps.map(({ name, type, keyBytes, valueBytes, maxEntries, memoryBytes }) => [
      name,
      type,
      ...[keyBytes, valueBytes, maxEntries].map(String),
      formatBytes(memoryBytes),
    ]),
    ...(maps.length === 1 ? [] : [["", "", "", "", "", formatBytes(totalBytes)]]),
  ], { right: [2, 3, 4, 5] });
}

/** More are counted: a generated object may have thousands. */
const SHOWN_GLOBALS = 40;

function globalTable(globals: readonly GlobalFacts[], isTool: boolean): string {
  const rows = globals.slice(0, SHOWN_GLOBALS).map((
    { name, type, section, default: initial, isOption },
  ) => [
    name,
    type,
    section,
    initial ?? "",
    isTool && isOption ? `--${name.replaceAll("_", "-")}` : "",
  ]);
  const more = globals.length - SHOWN_GLOBALS;
  return formatTable([
    ["GLOBAL", "TYPE", "SECTION", "DEFAULT", isTool ? "OPTION" : ""],
    ...rows,
    ...(more > 0 ? [[`and ${more} more`, "", "", "", ""]] : []),
  ]);
}

/** Shows the oldest kernel with the needs that make it so, and the parts that this one lacks. */
function kernelLine({ kernel: { version, because }, lacks }: KnownObject): string {
  const shown = because.slice(0, SHOWN_REASONS).join(", ");
  const more = because.length > SHOWN_REASONS ? ` and ${because.length - SHOWN_REASONS} more` : "";
  return `needs Linux ${version}` + (because.length === 0 ? "" : ` (${shown}${more})`) +
    (lacks.length === 0
      ? ""
      : `; this kernel, ${kernelRelease() ?? "unknown"}, lacks ${lacks.join(", ")}`);
}

function programRow({ name, type, section, level, reasons }: ProgramFacts): string[] {
  const shown = reasons.slice(0, SHOWN_REASONS).join(", ");
  const more = reasons.length - SHOWN_REASONS;
  return [name, type, section, level, more > 0 ? `${shown} and ${more} more` : shown];
}

function indent(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}
