/** What a process holds of eBPF, as its descriptors tell: exact, whatever else runs on the machine. */
import { type BpfState, bpfState } from "./bpf_state.ts";
import { until } from "./condition.ts";

const IDS = { prog: /^prog_id:\s*(\d+)$/m, map: /^map_id:\s*(\d+)$/m, link: /^link_id:\s*(\d+)$/m };

/** Ids of the programs, maps and links that a process has descriptors of. */
export async function heldBy(pid: number): Promise<BpfState> {
  const held: BpfState = { prog: [], map: [], link: [] };
  for await (const { name } of Deno.readDir(`/proc/${pid}/fdinfo`)) {
    const info = await Deno.readTextFile(`/proc/${pid}/fdinfo/${name}`).catch(() => "");
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
