/** Facts of a tool's file for catalogues and installations: read from its bytes, never taken from a claim. */
import { inspectObject, isOlder, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { type Level, LEVELS } from "../../ebpf/permissions/mod.ts";
import { contentKind } from "../../oci/content_kind.ts";
import type { ToolKind } from "../../oci/mod.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { describeModule } from "../module/module_facts.ts";

/** Facts of a tool. */
export interface ToolFacts {
  readonly kind: ToolKind;
  /** Levels of its eBPF programs, the mildest first. */
  readonly levels: readonly Level[];
  /** Oldest kernel. */
  readonly kernel: string;
  /** One line for each eBPF object. */
  readonly summaries: readonly string[];
  /** True if it may load programs that are not in the file, or that cannot be read. */
  readonly isOpen: boolean;
  /** True if no program depends on the registers of one architecture. */
  readonly isPortable: boolean;
}

/** Kernel that every tool needs. */
const OLDEST = "5.8";

/** Programs whose context is the registers of the machine. */
const REGISTERS = /^\??(k(ret)?probe|u(ret)?probe|usdt|ksyscall|kretsyscall|perf_event)\b/;

/**
 * Reads the facts of a module, an eBPF object or a package.
 *
 * @throws {HostError} when the bytes are none of these, or damaged
 */
export async function toolFacts(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<ToolFacts> {
  const kind = contentKind(bytes);
  if (kind === "elf") return factsOf("object", [inspectObject(bytes)], false);
  if (kind === "module" || kind === "unknown") {
    const { bpfObjects, loadsOthers } = describeModule(bytes, name);
    const objects = bpfObjects.flatMap((object) => "programs" in object ? [object] : []);
    return factsOf("module", objects, loadsOthers || objects.length < bpfObjects.length);
  }
  const { unpacked } = await import("../object/unpack.ts");
  const { file } = await unpacked(bytes, { name, line: parseCommandLine([], RUN_OPTIONS) });
  return factsOf("package", [inspectObject(file.bytes)], false);
}

function factsOf(kind: ToolKind, objects: readonly ObjectFacts[], isOpen: boolean): ToolFacts {
  const programs = objects.flatMap((object) => object.programs);
  const levels = new Set(programs.map(({ level }) => level));
  return {
    kind,
    levels: LEVELS.filter((level) => levels.has(level)),
    kernel: objects.reduce(
      (oldest, { kernel }) => isOlder(oldest, kernel.version) ? kernel.version : oldest,
      OLDEST,
    ),
    summaries: objects.map(({ summary }) => summary),
    isOpen,
    isPortable: !programs.some(({ section }) => REGISTERS.test(section)),
  };
}
