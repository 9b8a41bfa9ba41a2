/** Runs an argument that is not a module: an object or a package. */
import { BtfError, ElfError } from "../../ebpf/btf/mod.ts";
import type { GadgetParts } from "../../oci/mod.ts";
import { readInput } from "../module/input_file.ts";
import type { RunLine } from "../args/run_options.ts";
import { isBrokenPipe } from "../terminal/output_file.ts";
import { type Detach, type ObjectRun, runObject } from "./run.ts";
import type { Tool } from "./tool.ts";
import { unpacked } from "./unpack.ts";

/** Larger files of types are not those of a tool. */
const MAX_TYPES_BYTES = 64 << 20;

/** Bytes with their name, and the words of the command line. */
export interface ObjectArgument {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly line: RunLine;
  readonly words: readonly string[];
  /** Metadata of a gadget from a registry. */
  readonly gadget?: GadgetParts | undefined;
  /** Decides what the object may do; asks about one from elsewhere. */
  readonly grant: ObjectRun["grant"];
  readonly detach?: Detach;
}

/**
 * Runs what the bytes hold.
 *
 * @returns the exit code
 * @throws {HostError} `BAD_PACKAGE`, `BAD_ELF` and others for what cannot be run
 */
export async function runArgument(argument: ObjectArgument): Promise<number> {
  const { name, line, words } = argument;
  const tool = await toolOf(argument);
  const types = (line.lists?.types ?? []).map((path) => ({
    name: path,
    bytes: readInput(path, { maxBytes: MAX_TYPES_BYTES, timeout: line.values.timeout }),
  }));
  try {
    const { grant, detach } = argument;
    return await runObject({
      ...{ tool, line, words, types, grant },
      ...(detach === undefined ? {} : { detach }),
    });
  } catch (error) {
    if (isBrokenPipe(error)) throw error;
    throw named(error, name);
  }
}

async function toolOf({ bytes, name, line, gadget }: ObjectArgument): Promise<Tool> {
  try {
    return await unpacked(bytes, { name, line, gadget });
  } catch (error) {
    throw named(error, name);
  }
}

function named(error: unknown, name: string): unknown {
  return error instanceof ElfError || error instanceof BtfError ? error.in(name) : error;
}
