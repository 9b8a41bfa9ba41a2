/**
 * Feeds `gen` with mutated objects: `fuzz.ts SEED RUNS OBJECT…`. Prints one line of JSON; exits
 * with 1 at the first input that results in anything but text or an error of ours.
 */
// deno-lint-ignore-file no-console
import { cpuUsage } from "node:process";
import { generate, HostError, TARGETS } from "../../../bindgen/mod.ts";
import { ElfFile } from "../../../ebpf/btf/elf.ts";
import { Random } from "../random.ts";

/** Wrong values for lengths, counts and ids. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  12,
  0x7f,
  0xff,
  0xffff,
  0x10000,
  0x7fffffff,
  0x80000000,
  0xffffffff,
];

interface Sample {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where BTF is, and the tables that lead to it: mutations elsewhere change little. */
  readonly regions: readonly (readonly [start: number, end: number])[];
}

function sampleOf(path: string): Sample[] {
  const bytes = Deno.readFileSync(path);
  const elf = new ElfFile(bytes);
  const sections = elf.sections.filter(({ hasBytes, size }) => hasBytes && size > 0);
  const wanted = sections.filter(({ name }) => /^\.(BTF|BTF\.ext|symtab|strtab)$/.test(name));
  const regions = wanted.map(({ offset, size }) => [offset, offset + size] as const);
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(0x28, true));
  const headers = [[0, 64], [table, bytes.length]] as const;
  const btf = elf.section(".BTF");
  const raw = btf === undefined ? new Uint8Array() : elf.content(btf).slice();
  const types = 24 + new DataView(raw.buffer).getUint32(12, true);
  return [
    { bytes, regions: [...regions, ...regions, ...headers] },
    { bytes: raw, regions: [[0, 24], [24, types], [24, types], [types, raw.length]] },
  ];
}

/** One to four changes; a third of them to words, where lengths and ids are. */
function mutate({ bytes, regions }: Sample, random: Random): Uint8Array<ArrayBuffer> {
  let mutated = bytes.slice();
  for (let left = 1 + random.below(4); left > 0; left--) {
    const [start, end] = random.pick(regions);
    if (end <= start || start >= mutated.length) continue;
    const at = Math.min(start + random.below(end - start), mutated.length - 1);
    const word = at & ~3;
    const view = new DataView(mutated.buffer, mutated.byteOffset, mutated.byteLength);
    const isWord = word + 4 <= mutated.length;
    switch (random.below(7)) {
      case 0:
        mutated[at] = (mutated[at] ?? 0) ^ 1 << random.below(8);
        break;
      case 1:
        mutated[at] = random.next();
        break;
      case 2:
        if (isWord) view.setUint32(word, random.pick(NUMBERS), true);
        break;
      case 3:
        if (isWord) view.setUint32(word, random.below(200), true);
        break;
      case 4:
        if (isWord) view.setInt32(word, view.getInt32(word, true) + random.below(9) - 4, true);
        break;
      case 5:
        // One type's words over another's.
        mutated.copyWithin(at, start, Math.min(start + random.below(64), end));
        break;
      default:
        if (random.below(10) === 0) mutated = mutated.slice(0, at);
    }
  }
  return mutated;
}

function peakBytes(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** CPU time of this process, in milliseconds: a loaded machine does not add to it. */
function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

function main([seed = "0", runs = "0", ...paths]: string[]): void {
  const random = new Random(Number(seed));
  const samples = paths.flatMap(sampleOf);
  const answers: Record<string, number> = {};
  let slowestMs = 0;
  for (let run = 0; run < Number(runs); run++) {
    const bytes = mutate(random.pick(samples), random);
    const target = TARGETS[run % TARGETS.length] ?? "c";
    const start = cpuMs();
    let answer = "text";
    try {
      generate(bytes, { target, source: "fuzz.bpf.o" });
    } catch (error) {
      if (!(error instanceof HostError)) {
        const path = Deno.makeTempFileSync({ prefix: "fuzz-", suffix: ".o" });
        Deno.writeFileSync(path, bytes);
        console.error(`run ${run}, gen ${target} ${path}:`, error);
        Deno.exit(1);
      }
      answer = error.name;
    }
    answers[answer] = (answers[answer] ?? 0) + 1;
    slowestMs = Math.max(slowestMs, cpuMs() - start);
  }
  console.log(JSON.stringify({ runs: Number(runs), answers, slowestMs, peakBytes: peakBytes() }));
}

if (import.meta.main) main(Deno.args);
