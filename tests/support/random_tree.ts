/** Folders full of symbolic links, and paths through them, from a seed. */
import type { Random } from "./random.ts";

const NAMES = ["a", "b", "c", "d", "..."] as const;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 5;

/** A path of names that may be there, with all that makes paths hard. */
export function randomPath(random: Random): string {
  const lead = random.pick(["", "", "", "", "", "", "", "/", "./", "../", "//"]);
  const parts = Array.from({ length: 1 + random.below(7) }, () => randomPart(random));
  const end = random.pick(["", "", "", "", "", "/", "//", "/.", "/.."]);
  return lead + parts.join(random.below(12) === 0 ? "//" : "/") + end;
}

function randomPart(random: Random): string {
  switch (random.below(20)) {
    case 0:
      return ".";
    case 1:
    case 2:
    case 3:
      return "..";
    case 4:
      return random.pick(["missing", "n".repeat(255), "n".repeat(256), "é"]);
    default:
      return random.pick(NAMES);
  }
}

/** Fills a folder, and folders in it. */
export function fillRandomly(random: Random, folder: string, depth = 0): void {
  for (const name of NAMES.slice(0, 1 + random.below(MAX_ENTRIES))) {
    const path = `${folder}/${name}`;
    const kind = random.below(depth < MAX_DEPTH ? 8 : 5);
    if (kind === 0) {
      Deno.writeTextFileSync(path, name);
    } else if (kind < 5) {
      Deno.symlinkSync(randomTarget(random, folder), path);
    } else {
      Deno.mkdirSync(path);
      fillRandomly(random, path, depth + 1);
    }
  }
}

/** Mostly short, so that many lead somewhere; some absolute, to where there is something. */
function randomTarget(random: Random, folder: string): string {
  switch (random.below(8)) {
    case 0:
      return folder;
    case 1:
    case 2:
      return randomPath(random);
    case 3:
      return `../${random.pick(NAMES)}`;
    case 4:
      return `${random.pick(NAMES)}/`;
    default:
      return random.pick(NAMES);
  }
}
