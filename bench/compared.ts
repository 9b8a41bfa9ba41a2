/**
 * Benchmark: tools of the box side by side with those that Debian has: bpftrace's, Python's of bcc, and
 * libbpf-tools. Writes the table in `tools/README.md`.
 *
 * Each traces the same program, in turn. Figures: columns; milliseconds from the start until the first
 * event is on the terminal; CPU time of the tool an event that it shows; time that an event costs the traced program.
 *
 * Needs Debian's packages bpftrace, bpfcc-tools and libbpf-tools, and for bcc headers of a kernel: those
 * of this one, or BCC_KERNEL_SOURCE. Tools that a kernel without kprobes cannot load are left out.
 */
import { cpuNs } from "./processes.ts";
import { existsSync } from "node:fs";
import { pageWithin } from "./page_table.ts";
import { median } from "./report.ts";

const TRACED = ".cache/bench/traced";
const ROUNDS = 3;
/** Longest wait for an event, and for the tool to read what is left: compilers take seconds. */
const LIMIT_MS = 40_000;

/** Origin of a tool. */
const FAMILIES = ["wasm-bpf", "libbpf-tools", "bpftrace", "bcc"] as const;
type Family = typeof FAMILIES[number];

/** Tool that several families have, and the workload that triggers it. */
interface Compared {
  readonly name: string;
  readonly action: string;
  readonly count: number;
  readonly commands: Partial<Readonly<Record<Family, readonly string[]>>>;
}

const ours = (...words: string[]) => ["dist/wasm-bpf", ...words];

const TOOLS: readonly Compared[] = [
  {
    name: "opensnoop",
    action: "open",
    count: 100_000,
    commands: {
      "wasm-bpf": ours("opensnoop", "-n", "traced"),
      "libbpf-tools": ["/usr/sbin/opensnoop", "-n", "traced"],
      bpftrace: ["/usr/sbin/opensnoop.bt"],
    },
  },
  {
    name: "statsnoop",
    action: "stat",
    count: 100_000,
    commands: {
      "wasm-bpf": ours("statsnoop"),
      "libbpf-tools": ["/usr/sbin/statsnoop"],
      bpftrace: ["/usr/sbin/statsnoop.bt"],
    },
  },
  {
    name: "sigsnoop",
    action: "kill",
    count: 100_000,
    commands: { "wasm-bpf": ours("sigsnoop"), "libbpf-tools": ["/usr/sbin/sigsnoop"] },
  },
  {
    name: "exitsnoop",
    action: "exit",
    count: 3_000,
    commands: {
      "wasm-bpf": ours("exitsnoop"),
      "libbpf-tools": ["/usr/sbin/exitsnoop"],
      bcc: ["/usr/sbin/exitsnoop-bpfcc"],
    },
  },
  {
    name: "gethostlatency",
    action: "lookup",
    count: 5_000,
    commands: {
      "wasm-bpf": ours("gethostlatency"),
      "libbpf-tools": ["/usr/sbin/gethostlatency"],
      bpftrace: ["/usr/sbin/gethostlatency.bt"],
      bcc: ["/usr/sbin/gethostlatency-bpfcc"],
    },
  },
];

/** Words that run a program where tracefs and debugfs are mounted, for all alike. */
const MOUNTED = [
  "unshare",
  "--mount",
  "sh",
  "-c",
  "mount -t tracefs tracefs /sys/kernel/tracing\n" +
  'mount -t debugfs debugfs /sys/kernel/debug\nexec "$@"',
  "sh",
];

/** Figures of one tool. */
interface Figures {
  columns: number;
  startMs: number;
  cpuNs: number;
  addedNs: number;
  /** Share of the events that the tool printed. */
  seen: number;
}

function start(words: readonly string[], stdout: "piped" | "null"): Deno.ChildProcess {
  const [program = "", ...args] = [...MOUNTED, ...words];
  return new Deno.Command(program, { args, stdin: "null", stdout, stderr: "null" }).spawn();
}

async function traced({ action }: Compared, count: number): Promise<number> {
  const { stdout } = await new Deno.Command(TRACED, { args: [action, `${count}`] }).output();
  return Number(new TextDecoder().decode(stdout));
}

/** Lines that a tool prints, as they come. */
class Output {
  text = "";
  readonly #done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#done = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) this.text += decoder.decode(bytes, { stream: true });
  }

  /** Number of lines about the workload. */
  get events(): number {
    return this.text.split("\n").filter((line) => line.includes("traced")).length;
  }

  async end(): Promise<void> {
    await this.#done;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a tool, triggers it until it shows an event; undefined if it never does. */
async function untilShown(
  tool: Compared,
  words: readonly string[],
): Promise<{ child: Deno.ChildProcess; output: Output; ms: number } | undefined> {
  const began = performance.now();
  // On a terminal, where each line is written at once.
  const child = start(["script", "-qfec", words.join(" "), "/dev/null"], "piped");
  const output = new Output(child.stdout);
  let ended = false;
  child.status.then(() => ended = true);
  while (performance.now() - began < LIMIT_MS && !ended) {
    await traced(tool, 1);
    if (output.events > 0) return { child, output, ms: performance.now() - began };
    await pause(5);
  }
  await end(child, output);
  return undefined;
}

async function end(child: Deno.ChildProcess, output: Output | undefined): Promise<void> {
  for (const pid of [...descendants(child.pid), child.pid]) {
    try {
      Deno.kill(pid, "SIGINT");
    } catch {
      // It has ended.
    }
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await child.status;
  clearTimeout(timer);
  await output?.end();
}

/** Returns a process's children and theirs. */
function descendants(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ")
      .filter((word) => word !== "").map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** Figures of one round under load. */
interface Load {
  readonly cpuNs: number;
  /** Time of an action without the tool, and with it. */
  readonly aloneNs: number;
  readonly loadedNs: number;
  readonly seen: number;
}

/** Measures the load: CPU time of the tool, and what the traced program takes. */
async function underLoad(
  tool: Compared,
  words: readonly string[],
): Promise<Load | undefined> {
  const alone = await traced(tool, tool.count);
  const child = start(["stdbuf", "-oL", ...words], "piped");
  const output = new Output(child.stdout);
  try {
    const began = performance.now();
    // Python keeps its lines until there are some kilobytes.
    while (output.events === 0) {
      if (performance.now() - began > LIMIT_MS) return undefined;
      await traced(tool, 100);
      await pause(20);
    }
    const [before, events] = [cpuNs(child.pid), output.events];
    const loaded = await traced(tool, tool.count);
    // Until it has shown what it read.
    for (let last = -1; last !== output.events; await pause(500)) {
      last = output.events;
      if (performance.now() - began > LIMIT_MS) break;
    }
    const cpu = cpuNs(child.pid) - before;
    const shown = output.events - events;
    const seen = Math.min(1, shown / tool.count);
    return { cpuNs: cpu / Math.max(1, shown), aloneNs: alone, loadedNs: loaded, seen };
  } finally {
    await end(child, output);
  }
}

/** Names of columns, of the line before the first event. */
function columnsOf(text: string): number {
  const lines = text.replaceAll("\r", "").split("\n");
  const header = lines.find((line) => /\b(PID|TPID)\b/.test(line)) ?? "";
  return header.trim().split(/\s+/).length;
}

async function measure(tool: Compared, words: readonly string[]): Promise<Figures | undefined> {
  const rounds: (Load & { columns: number; startMs: number })[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const shown = await untilShown(tool, words);
    if (shown === undefined) return undefined;
    await end(shown.child, shown.output);
    const load = await underLoad(tool, words);
    if (load === undefined) return undefined;
    rounds.push({ columns: columnsOf(shown.output.text), startMs: shown.ms, ...load });
  }
  const all = (name: keyof typeof rounds[number]) => rounds.map((round) => round[name]);
  return {
    columns: median(all("columns")),
    startMs: median(all("startMs")),
    cpuNs: median(all("cpuNs")),
    // Other work on the machine only ever adds.
    addedNs: Math.max(0, Math.min(...all("loadedNs")) - Math.min(...all("aloneNs"))),
    seen: median(all("seen")),
  };
}

function rowOf(name: string, family: Family, figures: Figures, own: Figures | undefined): string {
  const ratio = (value: number, base: number | undefined) =>
    base === undefined || family === "wasm-bpf" || base <= 0
      ? ""
      : ` (${(value / base).toFixed(1)} x)`;
  const { columns, startMs, cpuNs, addedNs, seen } = figures;
  const cells = [
    ...[family === "wasm-bpf" ? name : "", family, `${columns}`],
    `${startMs.toFixed(0)} ms${ratio(startMs, own?.startMs)}`,
    `${cpuNs.toFixed(0)} ns${ratio(cpuNs, own?.cpuNs)}`,
    `${addedNs.toFixed(0)} ns${ratio(addedNs, own?.addedNs)}`,
    `${(seen * 100).toFixed(0)} %`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Programs of the other families, by one tool of each. */
const OTHERS = ["/usr/sbin/statsnoop", "/usr/sbin/statsnoop.bt", "/usr/sbin/exitsnoop-bpfcc"];

async function main(): Promise<number> {
  // ./dev speed reads rows against native libbpf, and finds none in this output.
  if (Deno.args.includes("--json")) return 0;
  const missing = OTHERS.filter((path) => !existsSync(path));
  if (missing.length > 0) {
    const text = `Nothing is compared: ${missing.join(", ")} not found; see ./dev bench compared\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(text));
    return 0;
  }
  const rows = [
    "| tool | of | columns | first event | CPU of the tool, an event | cost for the traced program, an event | shown |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const tool of TOOLS) {
    let own: Figures | undefined;
    for (const family of FAMILIES) {
      const words = tool.commands[family];
      if (words === undefined) continue;
      const figures = await measure(tool, words);
      if (family === "wasm-bpf") own = figures;
      const row = figures === undefined
        ? `| ${family === "wasm-bpf" ? tool.name : ""} | ${family} | no event shown here | | | | |`
        : rowOf(tool.name, family, figures, own);
      Deno.stdout.writeSync(new TextEncoder().encode(`${row}\n`));
      rows.push(row);
    }
  }
  const path = "tools/README.md";
  const page = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, pageWithin(page, "compared", rows.join("\n")));
  await new Deno.Command("deno", { args: ["fmt", "--quiet", path] }).output();
  return 0;
}

if (import.meta.main) Deno.exit(await main());
