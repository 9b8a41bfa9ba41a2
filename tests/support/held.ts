/** Programs, maps and links of a process, from its descriptors: exact, whatever else runs. */
import { type BpfState, bpfState } from "./bpf_state.ts";
import { until } from "./condition.ts";

const IDS = { prog: /^prog_id:\s*(\d+)$/m, map: /^map_id:\s*(\d+)$/m, link: /^link_id:\s*(\d+)$/m };

/**
 * Ids of the programs, maps and links that any thread of a process has descriptors of: a guest's thread
 * and its broker have tables of their own.
 */
export async function heldBy(pid: number): Promise<BpfState> {
  const tasks = await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`), ({ name }) => name);
  const tables = await Promise.all(tasks.map((task) => heldByThread(pid, task)));
  const idsOf = (kind: keyof BpfState) => [...new Set(tables.flatMap((held) => held[kind]))];
  return { prog: idsOf("prog"), map: idsOf("map"), link: idsOf("link") };
}

/** Returns those of one thread; it may be gone. */
export async function heldByThread(pid: number, task: number | string): Promise<BpfState> {
  const held: BpfState = { prog: [], map: [], link: [] };
  const folder = `/proc/${pid}/task/${task}/fdinfo`;
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
  for (const name of names) {
    const info = await Deno.readTextFile(`${folder}/${name}`).catch(() => "");
    // A link's description names its program as well, and a program's none of its maps.
    const kind = (["link", "map", "prog"] as const).find((one) => IDS[one].test(info));
    if (kind !== undefined) held[kind].push(Number(IDS[kind].exec(info)?.[1]));
  }
  return held;
}

/** Waits until the kernel knows none of them any more; it frees a little after the close. */
export async function untilGone(held: BpfState): Promise<void> {
  await until("programs, maps and links are gone", async () => {
    const now = await bpfState();
    return (["prog", "map", "link"] as const).every((kind) =>
      held[kind].every((id) => !now[kind].includes(id))
    );
  });
}
