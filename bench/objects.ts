/**
 * Benchmark: plain eBPF objects.
 *
 * From process start to the first row, compared with a Wasm guest that loads the same object. Numbered
 * events at full rate with `-o raw` to /dev/null, whose losses are compared with those of a program on
 * libbpf. Exit code 1 when a bound is missed.
 */
import { withTracefs } from "./measured.ts";
import { consumeNumbered, produce } from "./numbered.ts";
import { median, report, type Row, spreadOf } from "./report.ts";
import { COPIES, startToAttached } from "./start_to_attached.ts";

const BINARY = "dist/wasm-bpf";
const OBJECT = "dist/bench/measure.bpf.o";
const EVENT =
  "events={unsigned pid; unsigned uid; int ret; int flags; char comm[16]; char path[256];}";
const STARTS = {
  guest: ["-o", "jsonl", "dist/examples/opensnoop/opensnoop.wasm"],
  object: ["-o", "jsonl", "--event", EVENT, ".cache/guests/examples/opensnoop/opensnoop.bpf.o"],
} as const;
const ROUNDS = 15;
const EVENTS = 20_000_000;
const PAIRS = 3;
/** Opens a file each millisecond: the first row does not wait for the machine. */
const OPENS = "while (1) { open(F, '/dev/null'); close(F); select(undef, undef, undef, 0.001) }";

async function starting(): Promise<Row> {
  await Deno.mkdir(COPIES, { recursive: true });
  const copy = `${COPIES}/object`;
  await Deno.remove(copy).catch(() => {/* It is the first time. */});
  await Deno.copyFile(BINARY, copy);
  const opener = new Deno.Command("perl", { args: ["-e", OPENS], stdin: "null" }).spawn();
  const ms = { guest: [] as number[], object: [] as number[] };
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      for (const side of ["guest", "object"] as const) {
        const taken = await startToAttached([copy, ...STARTS[side]]);
        // The first of each fills the caches.
        if (round > 0) ms[side].push(taken);
      }
    }
  } finally {
    opener.kill("SIGKILL");
    await opener.status;
  }
  const ratios = ms.object.map((value, round) => value / (ms.guest[round] ?? NaN));
  return {
    what: "start to first row of a plain object",
    unit: "ms",
    native: median(ms.guest),
    wasmBpf: median(ms.object),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    ratioTo: "a Wasm guest with this object",
    atMost: { ratio: 1.1 },
  };
}

/** Waits until a process has attached a program. */
async function untilAttached(pid: number): Promise<void> {
  const script = `ls -l /proc/${pid}/task/*/fd 2>/dev/null | grep -q bpf_link`;
  for (let tries = 0; tries < 1000; tries++) {
    const { success } = await new Deno.Command("/bin/sh", { args: ["-c", script] }).output();
    if (success) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${BINARY} attached nothing`);
}

/** Events that a run of the object lost. */
async function lostByObject(): Promise<number> {
  const [program, args] = withTracefs(
    ...[BINARY, "--stats=json", "-o", "raw=/dev/null", "--only", "produce", OBJECT],
  );
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" })
    .spawn();
  await untilAttached(child.pid);
  await produce(["events", EVENTS]);
  child.kill("SIGINT");
  const { success, stderr } = await child.output();
  const text = new TextDecoder().decode(stderr);
  const line = text.split("\n").find((each) => each.startsWith("{"));
  if (!success || line === undefined) throw new Error(`${BINARY} failed: ${text}`);
  const stats: { buffers: { map: string; deliveredEvents: number }[] } = JSON.parse(line);
  const numbered = stats.buffers.find(({ map }) => map === "numbered");
  // One more event follows after a pause.
  return EVENTS + 1 - (numbered?.deliveredEvents ?? 0);
}

async function losing(): Promise<Row> {
  const native: number[] = [];
  const ours: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const text = await consumeNumbered("native", ["numbered", `${EVENTS}`], ["events", EVENTS]);
    const [received = NaN] = text.split(" ").map(Number);
    native.push(EVENTS + 1 - received);
    ours.push(await lostByObject());
  }
  const ratios = ours.map((lost, pair) => (lost + 1) / ((native[pair] ?? 0) + 1));
  return {
    what: "lost of 20 million numbered events, -o raw",
    unit: "events",
    native: median(native),
    wasmBpf: median(ours),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    atMost: { ratio: 1 },
  };
}

async function main(): Promise<number> {
  return report([await starting(), await losing()]);
}

if (import.meta.main) Deno.exit(await main());
