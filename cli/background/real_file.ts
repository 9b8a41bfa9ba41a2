/** Path of a file of `up`, which names it among runs. */
import { RunsError } from "../../service/mod.ts";

/**
 * Returns the absolute path without links, so that `down` finds the runs of `up`. A mounted ConfigMap
 * changes the target of its link: the directory is resolved, the name stays.
 *
 * @throws {RunsError} `ENOENT` without the directory
 */
export function realFile(path: string): string {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, slash) || "/";
  try {
    return `${Deno.realPathSync(folder)}/${path.slice(slash + 1)}`.replace(/^\/\//, "/");
  } catch (cause) {
    throw new RunsError(`Cannot use "${path}": no such directory`, { code: "ENOENT", cause });
  }
}
