/** What the kernel holds of eBPF, as `bpftool` tells. */
import { until } from "./condition.ts";

/** Ids of programs, maps and links. */
export interface BpfState {
  prog: number[];
  map: number[];
  link: number[];
}

/** A link that somebody is making or freeing at that moment keeps bpftool from listing any. */
const IN_PASSING = /temporarily unavailable|No such file or directory/;
const ATTEMPTS = 100;

/**
 * The ids of a list, without program arrays: bpftool opens each map to look at it, and when the last
 * descriptor of a program array goes at that moment, Linux 6.18 counts a reference too many and keeps
 * the array until the next boot, whoever made it.
 */
function listed(entries: { id: number; type?: string }[]): number[] {
  return entries.filter(({ type }) => type !== "prog_array").map(({ id }) => id);
}

async function ids(kind: keyof BpfState): Promise<number[]> {
  for (let attempt = 1;; attempt++) {
    const { success, stdout, stderr } = await new Deno.Command("bpftool", {
      args: ["--json", kind, "list"],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (success) return listed(JSON.parse(text));
    if (attempt === ATTEMPTS || !IN_PASSING.test(text)) {
      throw new Error(`bpftool failed: ${text}${new TextDecoder().decode(stderr)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What is loaded now. */
export async function bpfState(): Promise<BpfState> {
  return { prog: await ids("prog"), map: await ids("map"), link: await ids("link") };
}

/** What is loaded now and was not then. */
export async function added(before: BpfState): Promise<BpfState> {
  const now = await bpfState();
  const fresh = (kind: keyof BpfState) => now[kind].filter((id) => !before[kind].includes(id));
  return { prog: fresh("prog"), map: fresh("map"), link: fresh("link") };
}

/** Waits until nothing is left of what was loaded since; the kernel frees a little after the close. */
export async function untilNothingAdded(before: BpfState): Promise<void> {
  await until("all eBPF objects are gone", async () => {
    const { prog, map, link } = await added(before);
    return prog.length + map.length + link.length === 0;
  });
}
