/** Limits on kernel resources of a run: `--max-maps-memory`, `--max-programs` and `--max-links`. */
import type { CommandOptions } from "../../runtime/command.ts";
import { UsageError } from "../errors.ts";
import type { PartOfLine } from "./options.ts";
import { parseSize } from "./size.ts";

/** Limits of a run, as the command line sets them. */
export type KernelLimits = Pick<
  NonNullable<CommandOptions["limits"]>,
  "maxMapsMemory" | "maxPrograms" | "maxLinks"
>;

/** Their names on the command line. */
export type KernelLimitOption = "max-maps-memory" | "max-programs" | "max-links";

/** The smallest map takes two pages. */
const MAPS_RANGE = { least: 8192, most: 1024 ** 4, leastText: "8K", mostText: "1024G" };
/** The kernel supports a few million of either at most. */
const MAX_COUNT = 1_000_000;

/**
 * Reads the limits of a command line.
 *
 * @throws {UsageError} for a value that is not a size or a number of at least 1
 */
export function kernelLimitsOf({ values }: PartOfLine<KernelLimitOption>): KernelLimits {
  const memory = values["max-maps-memory"];
  return {
    ...(memory === undefined
      ? {}
      : { maxMapsMemory: parseSize(memory, "--max-maps-memory", MAPS_RANGE) }),
    ...countOf("maxPrograms", "--max-programs", values["max-programs"]),
    ...countOf("maxLinks", "--max-links", values["max-links"]),
  };
}

function countOf(name: keyof KernelLimits, option: string, text?: string): KernelLimits {
  if (text === undefined) return {};
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_COUNT) {
    throw new UsageError(
      `Cannot use ${option} "${text}": not a number from 1 to ${MAX_COUNT}`,
    );
  }
  return { [name]: count };
}
