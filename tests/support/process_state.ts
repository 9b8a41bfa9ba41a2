/** States of processes and threads, read from `/proc`. */
import { until } from "./condition.ts";

/** Waits until a process has a handler for a signal, and no such signal is pending, or has ended. */
export async function untilDelivered(pid: number, signal: number): Promise<void> {
  await until(`process ${pid} handles signal ${signal}`, async () => {
    const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => undefined);
    if (status === undefined || /^State:\s+Z/m.test(status)) return true;
    const bits = (name: string) =>
      BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1] ?? 0}`);
    const bit = 1n << BigInt(signal - 1);
    return (bits("SigCgt") & bit) !== 0n && (bits("ShdPnd") & bit) === 0n;
  });
}

/** Waits until a process is stopped (`T`) or sleeps (`S`). */
export async function untilState(pid: number, state: string): Promise<void> {
  await until(`process ${pid} is ${state}`, async () => {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).startsWith(state);
  });
}

/** Processor time, in milliseconds, that a process has used inside the kernel; undefined at its end. */
export function systemMs(pid: number): number | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // proc_pid_stat(5): field 15 counts in ticks of 10 ms, and field 3 follows the name.
    const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(fields[11]) * 10;
  } catch {
    return undefined;
  }
}

/** Processor time, in milliseconds, that the workers of this process have used. */
export function workersMs(): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    try {
      const folder = `/proc/self/task/${name}`;
      if (!Deno.readTextFileSync(`${folder}/comm`).startsWith("worker")) continue;
      sum += Number(Deno.readTextFileSync(`${folder}/schedstat`).split(" ")[0]) / 1e6;
    } catch {
      // The thread has ended.
    }
  }
  return sum;
}
