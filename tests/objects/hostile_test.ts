/** Changed objects: what wasm-bpf itself reads of them is refused or shown, before libbpf sees it. */
import { TypeFinder } from "../../ebpf/plain/mod.ts";
import { plainTool } from "../../cli/object/plain_tool.ts";
import { Sources } from "../../cli/object/sources.ts";
import { toolHelp } from "../../cli/object/tool_options.ts";
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
