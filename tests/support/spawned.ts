/** Spawned guests whose output is collected. */
import assert from "node:assert/strict";
import {
  type GuestExit,
  type GuestHandle,
  type GuestModule,
  spawn,
  type SpawnOptions,
} from "../../runtime/mod.ts";
import { until } from "./condition.ts";

export const HOST_MODULE = new URL("../embed/host.ts", import.meta.url);

/** Spawns a guest and collects its lines. */
export function collect(
  module: Parameters<typeof spawn>[0],
  options: SpawnOptions = {},
): { handle: GuestHandle; text: () => string } {
  let text = "";
  const decoder = new TextDecoder();
  const stdout = (bytes: Uint8Array) => void (text += decoder.decode(bytes));
  const handle = spawn(module, { ...options, stdio: { stdout, stderr: "null" } });
  return { handle, text: () => text };
}

export async function failureOf(exited: Promise<GuestExit>): Promise<Error & { code: string }> {
  const exit = await exited;
  assert.equal(exit.kind, "failed");
  if (exit.kind !== "failed") throw new Error("unreachable");
  return exit.error;
}

/**
 * Lists descriptors that a guest opens. Deno keeps two of its own for each worker that ever ran, and
 * those of workers may be reading sources of this project, whose paths say "bpf" as well.
 */
export function descriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return /^(anon_inode:.*(bpf|perf|btf)|\/memfd:|\/sys\/)/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  }).sort();
}

/** Waits until guests of earlier tests have closed all of theirs: a worker that is given up may be late. */
export async function untilNoDescriptors(): Promise<void> {
  await until("guests have closed their descriptors", () => descriptors().length === 0);
}

export async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

/** Starts one of {@linkcode ENDLESS}, and returns after it has reported that it runs. */
export async function started(
  module: GuestModule,
  options: SpawnOptions = {},
): Promise<GuestHandle> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stdio = { stdout: "null", ...options.stdio, stderr: () => resolve() } as const;
  const handle = spawn(module, { ...options, stdio });
  await promise;
  return handle;
}
