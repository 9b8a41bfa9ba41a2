/**
 * Benchmark: speed and memory of a pull over the loopback interface.
 *
 * 1 GiB from a registry into the store, every byte hashed and on the disk, compared with `curl` to
 * a file followed by `sha256sum` of it. Exit code 1 when wasm-bpf has less than 0.7 times that
 * rate, or needs 48 MiB more memory than for 1 MiB.
 */
import { makeLargeModule, putModule } from "../tests/support/artifacts.ts";
import { TestRegistry } from "../tests/support/registry.ts";
import { median, report } from "./report.ts";

const ROUNDS = 5;
const LARGE = 2 ** 30;
const SMALL = 2 ** 20;

async function run(program: string, args: string[], env?: Record<string, string>): Promise<string> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    ...(env === undefined ? {} : { env }),
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${said}`);
  return said;
}

/** A folder with what is measured in it. */
interface Place {
  folder: string;
  registry: TestRegistry;
}

/** Pulls into a store of its own; milliseconds, and KiB of memory at the most. */
async function pull({ folder, registry }: Place, tag: string): Promise<[number, number]> {
  const data = `${folder}/data`;
  const words = ["dist/wasm-bpf", "pull", "--quiet", `${registry.host}/bench/module:${tag}`];
  const start = performance.now();
  const said = await run("/usr/bin/time", ["--format", "%M", ...words], { XDG_DATA_HOME: data });
  const ms = performance.now() - start;
  await Deno.remove(data, { recursive: true });
  return [ms, Number(said.trim().split("\n").at(-1))];
}

/** Downloads and hashes with the usual tools. */
async function curl({ folder, registry }: Place, digest: string): Promise<number> {
  const address = `${registry.url}/v2/bench/module/blobs/${digest}`;
  const file = `${folder}/file`;
  const start = performance.now();
  await run("curl", ["--silent", "--show-error", "--fail", "--output", file, address]);
  await run("sha256sum", [file]);
  const ms = performance.now() - start;
  await Deno.remove(file);
  return ms;
}

async function layerOf(registry: TestRegistry, tag: string): Promise<string> {
  const manifest = await registry.fetch(`/v2/bench/module/manifests/${tag}`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  return (await manifest.json()).layers[0].digest;
}

async function measure(place: Place): Promise<number> {
  const { folder, registry } = place;
  for (const [tag, bytes] of [["small", SMALL], ["large", LARGE]] as const) {
    await makeLargeModule(`${folder}/module`, bytes);
    await putModule(registry, { repository: "bench/module", tag }, `${folder}/module`);
    await Deno.remove(`${folder}/module`);
  }
  const digest = await layerOf(registry, "large");
  const ms: { curl: number[]; pull: number[] } = { curl: [], pull: [] };
  const memory: { small: number[]; large: number[] } = { small: [], large: [] };
  for (let round = 0; round < ROUNDS; round++) {
    memory.small.push((await pull(place, "small"))[1] / 1024);
    ms.curl.push(await curl(place, digest));
    const [pulling, kib] = await pull(place, "large");
    ms.pull.push(pulling);
    memory.large.push(kib / 1024);
  }
  return report([
    {
      what: "pull of 1 GiB, compared with curl and sha256sum",
      unit: "ms",
      native: median(ms.curl),
      wasmBpf: median(ms.pull),
      ratio: median(ms.pull.map((one, round) => one / (ms.curl[round] ?? NaN))),
      atMost: { ratio: 1 / 0.7 },
    },
    {
      what: "its memory, compared with that of a pull of 1 MiB",
      unit: "MB",
      native: Math.max(...memory.small),
      wasmBpf: Math.max(...memory.large),
      ratio: Math.max(...memory.large) / Math.min(...memory.small),
      atMost: { figure: Math.round(Math.min(...memory.small) + 48) },
    },
  ]);
}

async function main(): Promise<number> {
  await using registry = await TestRegistry.start();
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-bench-" });
  try {
    return await measure({ folder, registry });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
