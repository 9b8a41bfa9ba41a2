/** Needs of the runs of a unit, from their modules and options. */
import { inspectObject, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { BtfError, ElfError } from "../../ebpf/btf/mod.ts";
import { LEVELS } from "../../ebpf/permissions/mod.ts";
import { capabilitiesFor, type Definition } from "../../service/mod.ts";
import { contentKind } from "../../oci/content_kind.ts";
import { embeddedObjects } from "../module/bpf_objects.ts";
import type { UnitOptions } from "./systemd_unit.ts";

/** Run of a unit: its definition and its module. */
export interface UnitRun {
  readonly definition: Definition;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True for a module of a registry or an address. */
  readonly isForeign: boolean;
}

/** Helpers whose records have addresses in the kernel. */
const STACKS = /^get_stack(id)?|^get_task_stack/;
/** Program types that are loaded with CAP_NET_ADMIN. */
const NETWORK = LEVELS.indexOf("network");

/** Returns the parts of the unit that depend on its runs. */
export function unitNeeds(runs: readonly UnitRun[]): Omit<UnitOptions, "command" | "description"> {
  const facts = runs.map(({ bytes }) => factsOf(bytes));
  const objects = facts.flatMap((one) => one ?? []);
  // Objects that are not known could do everything that their permissions allow.
  const isUnknown = facts.some((one) => one === undefined);
  const control = isUnknown || objects.some(({ level }) => LEVELS.indexOf(level) >= NETWORK);
  const symbols = objects.some(({ programs }) =>
    programs.some(({ helpers }) => helpers.some((name) => STACKS.test(name)))
  );
  const options = runs.flatMap(({ definition: { words } }) => words.slice(0, words.indexOf("--")));
  const has = (name: string) => options.some((word) => word.startsWith(`--${name}=`));
  const listens = has("listen") || has("metrics") || has("web");
  const writable = writablePaths(runs.map(({ definition }) => definition));
  const paths = runs.flatMap(({ definition: { words } }) => words);
  const capabilities = capabilitiesFor({
    network: control,
    writes: writable.length > 0,
    listens: has("listen"),
    processes: has("pid") || runs.some(({ definition: { words } }) => words.includes("-p")),
    legacy: false,
  });
  return {
    capabilities: symbols ? capabilities : capabilities.filter((name) => name !== "CAP_SYSLOG"),
    network: control || listens || runs.some(({ isForeign }) => isForeign),
    symbols,
    control,
    writable,
    home: paths.some((path) => /^(--dir=)?\/(home|root|run\/user)\//.test(path)),
  };
}

/** Returns the objects of a module; undefined where they cannot be known. */
function factsOf(bytes: Uint8Array<ArrayBuffer>): ObjectFacts[] | undefined {
  const kind = contentKind(bytes);
  if (kind !== "module" && kind !== "elf") return undefined;
  try {
    const { objects, isComplete } = embeddedObjects(bytes);
    return isComplete ? objects.map((object) => inspectObject(object)) : undefined;
  } catch (error) {
    if (error instanceof ElfError || error instanceof BtfError) return undefined;
    throw error;
  }
}

/** Returns directories of files that sinks and grants write. */
function writablePaths(definitions: readonly Definition[]): string[] {
  const paths = definitions.flatMap(({ words, cwd }) =>
    words.slice(0, words.indexOf("--")).flatMap((word) => {
      const absolute = (path: string) => path.startsWith("/") ? path : `${cwd}/${path}`;
      const [, file] = /^--(?:output=[a-z]+|stdout|stderr)=(.+)$/s.exec(word) ?? [];
      if (file !== undefined) {
        return file === "null" ? [] : [absolute(file).replace(/\/[^/]*$/, "") || "/"];
      }
      const [, folder] = /^--dir=(.+?)(?:::.*)?$/s.exec(word) ?? [];
      return folder === undefined || word.endsWith("::ro") ? [] : [absolute(folder)];
    })
  );
  return [...new Set(paths)].sort();
}
