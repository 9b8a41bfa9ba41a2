/** Generated objects and metadata: what is read of them is refused or used, in bounded time. */
import { plainTool } from "../../cli/object/plain_tool.ts";
import { gadgetTool } from "../../cli/object/gadget.ts";
import { runFacts } from "../../cli/object/run_facts.ts";
import { Sources } from "../../cli/object/sources.ts";
import { toolHelp } from "../../cli/object/tool_options.ts";
import type { Tool } from "../../cli/object/tool.ts";
import { metaOf, unpacked } from "../../cli/object/unpack.ts";
import { packageOf } from "../../cli/object/package.ts";
import { parseCommandLine } from "../../cli/args/options.ts";
import { RUN_OPTIONS } from "../../cli/args/run_options.ts";
import { recordSettings } from "../../cli/records/settings.ts";
import { Btf, ElfFile } from "../../ebpf/btf/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { TypeFinder } from "../../ebpf/plain/mod.ts";
import { readAnnotations, schemaOf, valuePlan, valueReader } from "../../records/mod.ts";
import { changed, survives, YAML_PIECES } from "../support/generated.ts";
import { changedPart } from "../support/generated_objects.ts";
import { fromFileUrl } from "../support/paths.ts";
import { soakSize } from "../support/soak.ts";
import { makeTar } from "../support/tar.ts";

const inputs = soakSize({ short: 200, whole: 100_000 });

const line = parseCommandLine(["-o", "jsonl"], RUN_OPTIONS);
const settings = recordSettings(line);
const read = (name: string) =>
  Deno.readFileSync(fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`));

/** Reads everything that a run reads before libbpf gets the object. */
function use(tool: Tool): void {
  toolHelp(tool);
  new Sources(tool, new TypeFinder(tool.file), line, settings).prepare();
  runFacts(tool);
}

const OBJECTS = [
  ...["ring-kept", "perf-debug4", "annotated-table", "annotated-histogram", "variable", "places"],
  ...["histogram", "options-long", "gadget-tracer", "stacks-key", "iterator-records", "twins-only"],
].map(read);

for (const part of ["tables", "btf", "code"] as const) {
  const change = changedPart(part);
  Deno.test(survives(`a plain object with changed ${part}`, OBJECTS, (bytes) => {
    use(plainTool(bytes, "tool"));
  }, { inputs, change }));
}

/** Objects whose events only DWARF 5 and 4 describe. */
const DEBUG = ["ring-debug", "ring-debug4", "perf-debug", "sizes-debug"].map(read);

Deno.test(survives("DWARF", DEBUG, (bytes) => {
  use(plainTool(bytes, "tool"));
}, { inputs, change: changedPart("dwarf") }));

/** Types that are tried of each input. */
const MAX_TYPES = 24;
/** Larger records only take long, as they should. */
const MAX_BYTES = 1 << 16;

Deno.test(survives("BTF as values", OBJECTS, (bytes) => {
  const elf = new ElfFile(bytes);
  const section = elf.section(".BTF");
  if (section === undefined) return;
  const btf = new Btf(elf.content(section));
  readAnnotations(btf);
  for (let id = 0; id < Math.min(btf.count, MAX_TYPES); id++) {
    try {
      const { size } = schemaOf(btf, id);
      const plan = valuePlan(btf, id);
      if (size <= MAX_BYTES) valueReader(plan)(new DataView(new ArrayBuffer(size)));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
}, { inputs, change: changedPart("btf") }));

const encode = (text: string) => new TextEncoder().encode(text);

/** Metadata of gadgets, with anchors that lead to each other. */
const GADGET_YAML = [
  `name: calls
description: Show calls
dataSources:
  calls:
    annotations: &x { cli.clear-screen-before: true }
    fields:
      number: { annotations: { description: a number, columns.hidden: "true", columns.width: 12 } }
      error: &e { annotations: { description: an error, value.one-of: "a,b" } }
      text: *e
params:
  ebpf:
    number: { key: amount, alias: a, defaultValue: "3", description: number to show }
programs:
  handle: { perf: { type: software, config: count_sw_cpu_clock }, sampler: { frequency: 99 } }
`,
  `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ndatasources: { calls: { fields: &f { n: *c } } }\n`,
].map(encode);

const GADGET = read("gadget-tracer");

Deno.test(survives("gadget.yaml", GADGET_YAML, async (bytes) => {
  use(gadgetTool(GADGET, "gadget", { meta: await metaOf(bytes, "gadget.yaml") }));
}, { inputs, change: (sample, random) => changed(sample, random, YAML_PIECES) }));

const PACKAGE = encode(JSON.stringify(packageOf(plainTool(read("ring-kept"), "p"))));
const ARCHIVE = makeTar([
  { path: "./package.json", body: PACKAGE },
  { path: "btfhub-archive/debian/12/x86_64/6.1.btf", body: encode("x") },
]);

Deno.test(survives("a package, as JSON and in an archive", [PACKAGE, ARCHIVE], async (bytes) => {
  use(await unpacked(bytes, { name: "p", line }));
}, { inputs }));
