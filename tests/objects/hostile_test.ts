/** Changed objects: what wasm-bpf itself reads of them is refused or shown, before libbpf sees it. */
import { TypeFinder } from "../../ebpf/plain/mod.ts";
import { plainTool } from "../../cli/object/plain_tool.ts";
import { Sources } from "../../cli/object/sources.ts";
import { toolHelp } from "../../cli/object/tool_options.ts";
import { eccTool } from "../../cli/object/ecc.ts";
import { gadgetTool } from "../../cli/object/gadget.ts";
import { packageOf } from "../../cli/object/package.ts";
import { runFacts } from "../../cli/object/run_facts.ts";
import { metaOf, unpacked } from "../../cli/object/unpack.ts";
import { contentKind } from "../../oci/content_kind.ts";
import { makeTar } from "../support/tar.ts";
import { parseCommandLine } from "../../cli/args/options.ts";
import { RUN_OPTIONS } from "../../cli/args/run_options.ts";
import { recordSettings } from "../../cli/records/settings.ts";
import { survives } from "../support/generated.ts";
import { fromFileUrl } from "../support/paths.ts";

const line = parseCommandLine(["-o", "jsonl"], RUN_OPTIONS);
const settings = recordSettings(line);

/** Objects with all kinds of evidence: DWARF, annotations, maps, sizes, markers, options. */
const SAMPLES = [
  ...["ring-debug", "perf-debug4", "annotated-table", "annotated-histogram", "variable"],
  ...["histogram", "options-long"],
].map((name) => Deno.readFileSync(fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`)));

Deno.test(survives("a plain object", SAMPLES, (bytes) => {
  const tool = plainTool(bytes, "tool");
  toolHelp(tool);
  new Sources(tool, new TypeFinder(tool.file), line, settings).prepare();
}));

const encode = (text: string) => new TextEncoder().encode(text);
const read = (name: string) =>
  Deno.readFileSync(fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`));

/** Object of a package, and one with markers. */
const PACKAGED = read("ring-kept");
const GADGET = read("gadget-tracer");

const META = JSON.stringify({
  "enable_multiple_export_types": true,
  "export_types": [{
    name: "event",
    size: 32,
    "type_id": 5,
    members: [{ name: "n", type: "int" }],
  }],
  "bpf_skel": {
    "obj_name": "events",
    doc: { brief: "Shows calls", version: "1.2", details: "more" },
    "data_sections": [{
      name: ".rodata",
      variables: [{
        name: "targ_pid",
        type: "int",
        value: 7,
        cmdarg: { default: 5, short: "n", long: "process", help: "process to trace" },
      }],
    }],
    maps: [{
      name: "events",
      ident: "events",
      sample: { interval: 500, type: "log2_hist", unit: "usecs", "clear_map": true },
      "export_config": { "custom_members": [{ name: "a", offset: 0, "btf_type_id": 2 }] },
      intepreter: { "stack_trace": { "field_map": { kstack: "k" } } },
    }],
    progs: [{ name: "handle", attach: "tc", tchook: { ifindex: 1 }, ifindex: 1 }],
  },
});

const GADGET_YAML = `name: calls
description: Show calls
datasources:
  calls:
    fields:
      number: { annotations: { description: a number, columns.hidden: "true" } }
      error: &e
        annotations: { description: an error }
      text: *e
params:
  ebpf:
    number: { key: amount, alias: a, defaultValue: "3", description: number to show }
programs:
  handle: { sampler: { frequency: 99 } }
`;

const ARCHIVE = makeTar([
  { path: "package.json", body: encode(JSON.stringify(packageOf(plainTool(PACKAGED, "p")))) },
]);

/** Metadata of packages and gadgets, and an archive with a package. */
const DOCUMENTS = [
  encode(META),
  encode(`"bpf_skel":\n  maps:\n    - {name: events, sample: {interval: 5}}\n`),
  encode(GADGET_YAML),
  new Uint8Array(ARCHIVE),
];

Deno.test(survives("metadata of a package", DOCUMENTS, async (bytes) => {
  if (contentKind(bytes) === "tar") return runFacts(await unpacked(bytes, { name: "p", line }));
  const meta = await metaOf(bytes, "metadata");
  for (
    const tool of [
      eccTool(PACKAGED, meta, { name: "tool", hasInterfaces: false }),
      gadgetTool(GADGET, "gadget", { meta }),
    ]
  ) {
    toolHelp(tool);
    new Sources(tool, new TypeFinder(tool.file, { files: [] }), line, settings).prepare();
  }
}));
