/** Finds the object in bytes: alone, or in a package, an archive, or compressed. */
import { HostError } from "../../ffi/errors.ts";
import { contentKind } from "../module/content_kind.ts";
import type { RunLine } from "../args/run_options.ts";
import { plainTool } from "./plain_tool.ts";
import type { Tool } from "./tool.ts";

/** 64 MiB: the largest public objects have 2. */
const MAX_OBJECT_BYTES = 64 << 20;

/** Name and options of what is unpacked. */
export interface UnpackOptions {
  readonly name: string;
  readonly line: RunLine;
}

/**
 * Returns the tool in some bytes.
 *
 * @throws {HostError} `TOO_LARGE`, `BAD_PACKAGE`, `NOT_RUNNABLE`
 */
export async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  { name }: UnpackOptions,
): Promise<Tool> {
  await Promise.resolve();
  if (bytes.length > MAX_OBJECT_BYTES) {
    throw new HostError(`Cannot run "${name}": larger than 64 MiB`, { code: "TOO_LARGE" });
  }
  switch (contentKind(bytes)) {
    case "elf":
      return plainTool(bytes, name);
    default:
      throw new HostError(`Cannot run "${name}": not a module, an eBPF object or a package`, {
        code: "NOT_RUNNABLE",
      });
  }
}
