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
 * Waits until every object loaded since `before` is gone, except those of processes that this one has
 * not started; the kernel frees them shortly after the close.
 */
export async function untilNothingAdded(before: BpfState): Promise<void> {
  await until("all eBPF objects are gone", async () => {
    const now = await added(before);
    const isEmpty = Object.values(now).every((list) => list.length === 0);
    if (isEmpty) return true;
    const others = heldByOthers();
    return KINDS.every((kind) => now[kind].every((id) => others[kind].has(id)));
  });
}

const KINDS = ["prog", "map", "link"] as const;
const IDS = { prog: /^prog_id:\s*(\d+)$/m, map: /^map_id:\s*(\d+)$/m, link: /^link_id:\s*(\d+)$/m };

/** Returns IDs in descriptors of processes that do not descend from this one. */
function heldByOthers(): Record<keyof BpfState, Set<number>> {
  const held = { prog: new Set<number>(), map: new Set<number>(), link: new Set<number>() };
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || isOwn(name)) continue;
    for (const task of namesIn(`/proc/${name}/task`)) {
      for (const info of descriptions(`/proc/${name}/task/${task}`)) {
        for (const kind of KINDS) {
          const id = IDS[kind].exec(info)?.[1];
          if (id !== undefined) held[kind].add(Number(id));
        }
      }
    }
  }
  return held;
}

/** Reports whether a process is this one, or was started by it. */
function isOwn(pid: string): boolean {
  for (let at = pid; Number(at) > 1;) {
    if (Number(at) === Deno.pid) return true;
    const stat = attempted(() => Deno.readTextFileSync(`/proc/${at}/stat`)) ?? "";
    at = /\) \S (\d+) /.exec(stat.slice(stat.lastIndexOf(")")))?.[1] ?? "0";
  }
  return false;
}

function* descriptions(task: string): Generator<string> {
  for (const fd of namesIn(`${task}/fd`)) {
    const target = attempted(() => Deno.readLinkSync(`${task}/fd/${fd}`));
    if (target?.startsWith("anon_inode:bpf") !== true) continue;
    yield attempted(() => Deno.readTextFileSync(`${task}/fdinfo/${fd}`)) ?? "";
  }
}

function namesIn(folder: string): string[] {
  return attempted(() => [...Deno.readDirSync(folder)].map(({ name }) => name)) ?? [];
}

/** Processes and descriptors come and go. */
function attempted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
