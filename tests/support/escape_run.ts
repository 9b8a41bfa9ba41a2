/** Runs attempts to get out against resolvers that are not the program's. */
import { paths } from "../../ffi/mod.ts";
import type { Preopen } from "../../runtime/run_options.ts";
import { type EscapeTree, isFromOutside } from "./escape_tree.ts";
import type { Escape } from "./escapes.ts";

/** `rw` is descriptor 3 and `ro` 4. */
export function preopensOf(tree: EscapeTree): Preopen[] {
  return [
    { host: `${tree.path}/rw`, guest: "/rw" },
    { host: `${tree.path}/ro`, guest: "/ro", readOnly: true },
  ];
}

/** The guest's words for an attempt. */
export function commandsOf(escape: Escape, tree: EscapeTree): string[] {
  return escape.does.map(([command]) => command.replaceAll("HOST", tree.path));
}

/** Reports whether the guest saw something from outside, or changed it. */
export async function hasEscaped(
  tree: EscapeTree,
  before: string,
  text: string,
  options: { times?: boolean } = {},
): Promise<boolean> {
  return isFromOutside(text) || await tree.outside(options) !== before;
}

/**
 * Replaces the resolver by one that looks first where a path leads, and opens it then if that is inside:
 * the naive resolver, which concurrent changes defeat. For opening alone.
 */
export function checkThenOpen(): Disposable {
  const { open } = paths;
  paths.open = (how, place, flags) => {
    const bytes = new Uint8Array(how.memory.bytes.buffer, place.path, place.size);
    const root = Deno.realPathSync(`/proc/self/fd/${place.dir}`);
    try {
      const path = Deno.realPathSync(`${root}/${new TextDecoder().decode(bytes)}`);
      if (path !== root && !path.startsWith(`${root}/`)) return -1;
    } catch {
      return -2;
    }
    return open({ ...how, memory: how.memory, resolve: 0 }, place, flags);
  };
  return { [Symbol.dispose]: () => void (paths.open = open) };
}
