import { join } from "node:path";
import { BuildError } from "./errors.ts";
import { say } from "./output.ts";
import { fileState } from "./step.ts";

/** Options for starting a child process. */
export interface CommandOptions {
  /** Its working folder; the checkout when absent. */
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type EndSignal = keyof typeof SIGNALS;

/** One Ctrl-C may arrive twice: from the terminal, and passed on by `deno task`. */
const SAME_SIGNAL_MS = 200;

const children = new Set<Deno.ChildProcess>();
let foreground: ((signal: EndSignal) => void) | undefined;

/**
 * Makes Ctrl-C, SIGTERM and SIGHUP end the children first and then this process, with the exit code
 * a shell would give it. While {@linkcode runInForeground} runs they are its child's affair.
 */
export function endOnSignals(): void {
  for (const [name, number] of Object.entries(SIGNALS) as [EndSignal, number][]) {
    Deno.addSignalListener(name, () => {
      if (foreground !== undefined) return foreground(name);
      for (const child of children) kill(child, "SIGTERM");
      // After the "^C" that the terminal shows, and the running step.
      say("");
      Deno.exit(128 + number);
    });
  }
}

/**
 * Runs a program and gives back its standard output. Its messages are shown only when it fails: then
 * they are part of the error.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  children.add(child);
  const { code, stdout, stderr } = await child.output().finally(() => children.delete(child));
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (code !== 0) {
    const output = (decoder.decode(stderr) + text).trimEnd();
    throw new BuildError(
      `Cannot run ${command}: exit code ${code}\n${output}\nCommand: ${
        shortened([command, ...args].join(" "))
      }`,
    );
  }
  return text;
}

/** Longest command in an error: checks pass hundreds of files. */
const SHOWN_CHARACTERS = 300;

function shortened(command: string): string {
  return command.length <= SHOWN_CHARACTERS ? command : `${command.slice(0, SHOWN_CHARACTERS)}…`;
}

/** Exit code in place of a program's own when its time was up, as of timeout(1). */
export const TIME_IS_UP = 124;

/**
 * Runs a program on this terminal and gives back its exit code.
 *
 * @param options `limitMs`: time after which it is killed; {@linkcode TIME_IS_UP} is given back then
 */
export async function runAttached(
  command: string,
  args: readonly string[],
  { limitMs, ...options }: CommandOptions & { readonly limitMs?: number | undefined } = {},
): Promise<number> {
  const child = spawn(command, args, options);
  children.add(child);
  let isLate = false;
  const timer = limitMs === undefined ? undefined : setTimeout(() => {
    isLate = true;
    kill(child, "SIGKILL");
  }, limitMs);
  const { code } = await child.status.finally(() => children.delete(child));
  clearTimeout(timer);
  return isLate ? TIME_IS_UP : code;
}

/**
 * Runs a program on this terminal as the one that Ctrl-C is meant for, waits for it whatever
 * arrives, and gives back its exit code.
 *
 * It gets a session of its own, and signals from here: so it sees each one exactly once, whether it was
 * sent to this process, by `deno task`, or by the terminal to all of them. Should this process be
 * killed, the kernel ends the program too; should its parent be, it is ended from here.
 */
export async function runInForeground(command: string, args: readonly string[]): Promise<number> {
  const child = spawn("setsid", ["setpriv", "--pdeathsig", "TERM", command, ...args], {});
  const last = new Map<EndSignal, number>();
  foreground = (signal) => {
    const now = performance.now();
    const before = last.get(signal) ?? -Infinity;
    last.set(signal, now);
    if (now - before > SAME_SIGNAL_MS) kill(child, signal);
  };
  const parent = Deno.ppid;
  const watch = setInterval(() => {
    if (Deno.ppid !== parent) kill(child, "SIGTERM");
  }, 500);
  const { code } = await child.status;
  clearInterval(watch);
  foreground = undefined;
  return code;
}

function spawn(
  command: string,
  args: readonly string[],
  options: Deno.CommandOptions,
): Deno.ChildProcess {
  try {
    return new Deno.Command(command, { ...options, args: [...args] }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new BuildError(`Cannot run ${command}: there is no such program`, {
      cause,
      hint: "run ./dev TASK, which installs missing programs or lists them",
    });
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}

/** Returns the path of a program on `PATH`; undefined if not found. */
export function findProgram(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(":")
    .map((folder) => join(folder, name))
    .find((path) => fileState(path) !== undefined);
}

/**
 * Changes when a program is replaced by another release: part of the key of a step whose result
 * depends on it, at a fraction of the cost of asking the program.
 */
export function programState(name: string): string {
  const path = findProgram(name);
  return `${path} ${path === undefined ? "" : fileState(path)}`;
}
