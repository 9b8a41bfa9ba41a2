/**
 * Benchmark: cost of running a module by its reference rather than from a file.
 *
 * From process start to the first byte on standard output, which the tracer prints when both
 * programs are attached. The module is in the store, so no request is sent. In turn; exit code 1
 * when the reference takes more than 1.15 times as long as the file.
 */
import {
  bytesSource,
  digestOf,
  packModule,
  parseReference,
  Store,
  storedName,
} from "../oci/mod.ts";
import { withTracefs } from "./measured.ts";
import { median, report } from "./report.ts";

const ROUNDS = 40;
const FIRST_BYTE = ".cache/bench/first_byte";
const PROGRAM = "dist/wasm-bpf";
const FILE = "dist/examples/bootstrap/bootstrap.wasm";
const REFERENCE = "ghcr.io/you/bootstrap:v1";

/** Puts the tracer into a store of its own. */
async function fillStore(path: string): Promise<void> {
  const bytes = await Deno.readFile(FILE);
  const module = { digest: digestOf(bytes), size: bytes.length };
  const options = { format: "compat", title: "bootstrap.wasm", created: new Date(0) } as const;
  const { config, layer, manifest } = packModule(module, options);
  await using store = await Store.open(path);
  await store.push(layer, bytesSource(bytes));
  await store.push(config.descriptor, bytesSource(config.bytes));
  await store.push(manifest.descriptor, bytesSource(manifest.bytes));
  await store.tag(manifest.descriptor, storedName(parseReference(REFERENCE)));
}

/** One measurement in milliseconds. */
async function measure(word: string, data: string): Promise<number> {
  const [program, args] = withTracefs(FIRST_BYTE, PROGRAM, "run", word);
  const env = { XDG_DATA_HOME: data };
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" })
    .output();
  if (!success) throw new Error(`run ${word}: ${new TextDecoder().decode(stderr)}`);
  return Number(new TextDecoder().decode(stdout)) / 1e6;
}

/** Other load only adds time: the faster runs show the difference best. */
function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 2] ?? NaN;
}

async function main(): Promise<number> {
  const data = await Deno.makeTempDir({ prefix: "wasm-bpf-bench-" });
  try {
    await fillStore(`${data}/wasm-bpf`);
    const file: number[] = [], reference: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      // Each goes first as often as the other.
      const sides = [{ word: FILE, ms: file }, { word: REFERENCE, ms: reference }];
      for (const { word, ms } of round % 2 === 0 ? sides : sides.reverse()) {
        const figure = await measure(word, data);
        // The first of each brings the program into memory.
        if (round >= 0) ms.push(figure);
      }
    }
    return report([{
      what: "start to attached, by reference",
      unit: "ms",
      native: median(file),
      wasmBpf: median(reference),
      ratio: lowerQuartile(reference) / lowerQuartile(file),
      ratioTo: "the same from a file, in the native column",
      atMost: { ratio: 1.15 },
    }]);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
