/** `wasm-bpf doctor`: shows what this kernel and these rights allow. */
import { type Check, examineKernel } from "../../ebpf/doctor.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "json": { help: "print JSON" },
  "quiet": { short: "q", help: "print only what is missing" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `doctor`. */
export const PAGE: HelpPage = {
  usage: ["doctor [OPTIONS]"],
  about:
    "Shows what this kernel and the rights of this user allow, by trying it: programs that do nothing " +
    "are loaded, and attached for a moment. Nothing stays.",
  options: OPTIONS,
  notes: [
    "Exits with 1 when tools cannot run here: without BTF, or when no program can be loaded.",
  ],
};

/** Checks without which no tool runs. */
const REQUIRED = ["BTF", "CAP_BPF", "CAP_PERFMON", "ring buffer"];

/** Examines the machine. */
export function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) throw new UsageError(`Cannot use "${rest[0]}": doctor takes no argument`);
  const checks = examineKernel();
  const shown = flags.has("quiet") ? checks.filter(({ state }) => state === "missing") : checks;
  if (flags.has("json")) print(toJson(shown, 2));
  else if (shown.length > 0) print(textOf(shown));
  const isUsable = !checks.some(({ name, state }) =>
    state === "missing" && REQUIRED.includes(name)
  );
  return Promise.resolve(isUsable ? 0 : 1);
}

function textOf(checks: readonly Check[]): string {
  const table = formatTable(checks.map(({ group, name, state, detail }, i) => [
    checks[i - 1]?.group === group ? "" : group,
    name,
    state === "note" ? "" : state,
    detail,
  ]));
  const hints = checks.flatMap(({ name, hint }) =>
    hint === undefined ? [] : [visibleLine(`hint: ${name}: ${hint}`)]
  );
  return [table, ...new Set(hints)].join("\n");
}
