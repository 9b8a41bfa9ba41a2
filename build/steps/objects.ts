/** Compiles the corpus of plain objects: one source in several forms, by a table. */
import { BPF_SDK, compileObject } from "./guests.ts";
import { programState, run } from "../lib/process.ts";
import { replaceFile, runStep } from "../lib/step.ts";
import { LIBBPF_VERSION_FILE } from "./third_party.ts";

const FOLDER = "tests/objects";
const TABLE = `${FOLDER}/objects.json`;
const HEADERS = ["common.h", "task_iterator.h"].map((name) => `${FOLDER}/${name}`);

/** Row of the table, as far as the build needs it. */
interface Row {
  readonly name: string;
  readonly source: string;
  readonly defines?: readonly string[];
  /** True to keep DWARF. */
  readonly debug?: boolean;
  readonly options?: readonly string[];
}

/** Builds `dist/tests/objects/NAME.bpf.o` for each row. */
export async function buildObjectCorpus(): Promise<void> {
  const rows: Row[] = JSON.parse(await Deno.readTextFile(TABLE));
  for (const row of rows) await buildRow(row);
}

async function buildRow(
  { name, source, defines = [], debug = false, options = [] }: Row,
): Promise<void> {
  const input = `${FOLDER}/${source}.bpf.c`;
  const output = `dist/tests/objects/${name}.bpf.o`;
  await runStep({
    name: output,
    inputs: [input, ...HEADERS, BPF_SDK, LIBBPF_VERSION_FILE, "build/steps/objects.ts"],
    key: [programState("clang"), defines, debug, options],
    outputs: [output],
    make: () =>
      replaceFile(output, async (path) => {
        const flags = [
          `-I${FOLDER}`,
          `-I${BPF_SDK}`,
          ...defines.map((define) => `-D${define}`),
          ...options,
        ];
        await compileObject("clang", input, path, flags);
        if (!debug) await run("llvm-strip", ["-g", path]);
      }),
  });
}
