/** Runs of examples as root and as another user, and their output. */
import assert from "node:assert/strict";
import { findExamples, type Language, modulePath } from "../../build/tasks/examples.ts";
import { kernel } from "../../ffi/mod.ts";
import { CliProcess } from "./cli.ts";
import { heldBy, untilGone } from "./held.ts";
import { fromFileUrl } from "./paths.ts";

Deno.chdir(fromFileUrl("../.."));

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
kernel.version();

/** User ID that no other process uses. */
export const UID = 4711;

/**
 * Returns the path of an example's module: `runqlat`, or in a language other than C,
 * `runqlat-rust`.
 */
export function pathOf(name: string): string {
  const [, example = "", language = "c"] = /^([a-z]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  const found = findExamples().find((one) => one.name === example);
  if (!found?.languages.some((one) => one === language)) throw new Error(`no example ${name}`);
  return fromFileUrl(`../../${modulePath(found, language as Language)}`);
}

/** One run of an example. */
interface Run {
  args?: string[];
  /** Command prefix, for example to enter a namespace. */
  through?: string[];
  /** Output that shows that it is attached; default: its header. */
  ready?: RegExp;
  /** Causes the events. */
  action(tool: CliProcess): Promise<unknown>;
  /** Last expected output before Ctrl-C. */
  last?: RegExp;
}

/**
 * Runs an example until Ctrl-C, checks that it ends well and leaves nothing; returns its standard
 * output.
 */
export async function output(name: string, run: Run): Promise<string> {
  const { args = [], through = [], ready = /\n/ } = run;
  const options = { through: ["/usr/bin/env", ...through] };
  await using tool = new CliProcess(["--timeout", "120s", pathOf(name), ...args], options);
  await tool.waitFor(ready);
  const held = await heldBy(tool.pid);
  assert.ok(held.prog.length > 0);
  await run.action(tool);
  if (run.last !== undefined) await tool.waitFor(run.last);
  tool.kill("SIGINT");
  const { code, stdout, stderr } = await tool.result();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  await untilGone(held);
  return stdout;
}

/**
 * Runs a command as {@linkcode UID}, with all its processes on CPU 0: a perf buffer keeps the order
 * of the events of one CPU only. The programs that prepare this run as root.
 */
export async function runAsUser(...command: [string, ...string[]]): Promise<void> {
  const args = ["-c", "0", "setpriv", `--reuid=${UID}`, "--clear-groups", ...command];
  const options = { args, stdout: "null", stderr: "null" } as const;
  await new Deno.Command("taskset", options).output();
}
