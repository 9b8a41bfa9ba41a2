/** `wasm-bpf stats`: shows what runs in the background use. */
import { isActive, placesOf, type Run, Runs, type Usage, usageOf } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/units.ts";

const OPTIONS = {
  "json": { help: "print JSON once" },
  "no-stream": { help: "print once, also on a terminal" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `stats`. */
export const PAGE: HelpPage = {
  usage: ["stats [OPTIONS] [NAME...]"],
  about: "Shows what runs in the background use; on a terminal again each second, until Ctrl-C.",
  options: OPTIONS,
  notes: [
    "KERNEL is the memory of programs and maps. RUNS and RUN TIME of programs are counted while " +
    "sysctl kernel.bpf_stats_enabled is 1.",
  ],
};

const INTERVAL_MS = 1000;
/** Between the two looks that a share of the CPU takes. */
const FIRST_MS = 300;
/** Cursor to the corner, and clear: ECMA-48. */
const HOME = "\x1b[H\x1b[J";

/** Run with its usage at a time. */
interface Sample {
  readonly run: Run;
  readonly usage: Usage;
  readonly at: number;
}

/** Shows the usage. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  const runs = new Runs(placesOf());
  rest.forEach((name) => runs.find(name));
  const isLive = Deno.stdout.isTerminal() && !flags.has("json") && !flags.has("no-stream");
  let before = samples(runs, rest);
  for (let waitMs = FIRST_MS;; waitMs = INTERVAL_MS) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const now = samples(runs, rest);
    if (flags.has("json")) print(toJson(now.map((sample) => forPrograms(sample, before)), 2));
    else {
      const rows = now.map((sample) => row(sample, before));
      const table = formatTable([HEADER, ...rows], { right: [1, 2, 3, 4, 5, 6, 7, 8] });
      print(`${isLive ? HOME : ""}${table}`);
    }
    if (!isLive) return 0;
    before = now;
  }
}

function samples(runs: Runs, names: readonly string[]): Sample[] {
  return runs.list().flatMap((run) => {
    const { status } = run;
    if (names.length > 0 && !names.includes(status.name)) return [];
    const usage = isActive(status) && status.process !== undefined
      ? usageOf(status.process.pid)
      : undefined;
    return usage === undefined ? [] : [{ run, usage, at: performance.now() }];
  });
}

/** Returns the share of one CPU since the look before, in percent. */
function cpuPercent({ run, usage, at }: Sample, before: readonly Sample[]): number {
  const pid = run.status.process?.pid;
  const last = before.find((sample) => sample.run.status.process?.pid === pid);
  if (last === undefined || at <= last.at) return 0;
  return Math.max(0, (usage.cpuSeconds - last.usage.cpuSeconds) * 1e5 / (at - last.at));
}

const HEADER = [
  ...["NAME", "CPU %", "MEMORY", "PROGRAMS", "MAPS", "LINKS", "KERNEL", "RUNS", "RUN TIME"],
];

function row(sample: Sample, before: readonly Sample[]): string[] {
  const { run, usage } = sample;
  return [
    run.status.name,
    cpuPercent(sample, before).toFixed(1),
    formatBytes(usage.residentBytes),
    `${usage.programs}`,
    `${usage.maps}`,
    `${usage.links}`,
    formatBytes(usage.kernelBytes),
    usage.runs === 0 ? "-" : `${usage.runs}`,
    usage.runNs === 0 ? "-" : `${(usage.runNs / 1e6).toFixed(1)} ms`,
  ];
}

function forPrograms(sample: Sample, before: readonly Sample[]): unknown {
  const { run: { status }, usage } = sample;
  return {
    name: status.name,
    pid: status.process?.pid,
    cpuPercent: cpuPercent(sample, before),
    ...usage,
  };
}
