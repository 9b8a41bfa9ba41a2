import { join } from "node:path";
import { fileState } from "../lib/step.ts";

/** Returns the path of a program on `PATH`; undefined if not found. */
export function findProgram(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(":")
    .map((folder) => join(folder, name))
    .find((path) => fileState(path) !== undefined);
}

/**
 * Changes when a program is replaced by another release: part of the key of a step whose result
 * depends on it, at a fraction of the cost of asking the program.
 */
export function programState(name: string): string {
  const path = findProgram(name);
  return `${path} ${path === undefined ? "" : fileState(path)}`;
}
