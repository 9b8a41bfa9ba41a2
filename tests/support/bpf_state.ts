/** State of eBPF in the kernel, from `bpftool`. */
import { until } from "./condition.ts";

/** IDs of programs, maps and links. */
export interface BpfState {
  prog: number[];
  map: number[];
  link: number[];
}

/** bpftool lists nothing while some process creates or frees a link. */
const IN_PASSING = /temporarily unavailable|No such file or directory/;
const ATTEMPTS = 100;

/**
 * Returns the IDs of a list, without program arrays. bpftool opens each map to read it; if the last
 * descriptor of a program array closes at that moment, Linux 6.18 leaks a reference, and keeps the
 * array until the next boot.
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

/** Returns the objects that are loaded now. */
export async function bpfState(): Promise<BpfState> {
  return { prog: await ids("prog"), map: await ids("map"), link: await ids("link") };
}

/** Returns the objects that are loaded now and were not loaded `before`. */
export async function added(before: BpfState): Promise<BpfState> {
  const now = await bpfState();
  const fresh = (kind: keyof BpfState) => now[kind].filter((id) => !before[kind].includes(id));
  return { prog: fresh("prog"), map: fresh("map"), link: fresh("link") };
}

/**
 * Waits until every object loaded since `before` is gone; the kernel frees them shortly after the
 * close.
 */
export async function untilNothingAdded(before: BpfState): Promise<void> {
  await until("all eBPF objects are gone", async () => {
    const { prog, map, link } = await added(before);
    return prog.length + map.length + link.length === 0;
  });
}
