/** Processes that benchmarks measure, and the one that makes their events. */

const PRODUCER = ".cache/bench/producer";

/** Returns the CPU time of all threads of a process, in nanoseconds. */
export function cpuNs(pid: number): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`);
      sum += Number(text.split(" ")[0]);
    } catch {
      // A thread that ended meanwhile.
    }
  }
  return sum;
}

/** Makes so many system calls that are events, so many a second, on the first CPU. */
export async function produce(count: number, rate: number): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["1", PRODUCER, "stream", String(count), String(rate)],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${PRODUCER} failed`);
}
