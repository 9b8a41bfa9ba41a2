/** `wasm-bpf tools`: lists the tools that the binary carries. */
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { boxTools } from "../box/box.ts";
import { toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "json": { help: "print JSON" },
  "quiet": { short: "q", help: "print names only" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `tools`. */
export const PAGE: HelpPage = {
  usage: ["tools [OPTIONS]"],
  about: "Lists the tools in the box, by subject.",
  options: OPTIONS,
  notes: [
    "Run one with wasm-bpf NAME or wasm-bpf run NAME; wasm-bpf help NAME shows its options. A file " +
    "with the name of a tool is run as ./NAME.",
  ],
};

/** Lists the tools. */
export function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) {
    throw new UsageError(
      `Cannot list "${rest[0]}": tools takes no argument`,
      "run wasm-bpf help NAME to show one tool",
    );
  }
  const tools = boxTools().map(({ name, subject, summary }) => ({ name, subject, summary }));
  if (flags.has("json")) print(toJson(tools, 2));
  else if (flags.has("quiet")) tools.forEach(({ name }) => print(name));
  else {
    print(formatTable([
      ["SUBJECT", "NAME", "SUMMARY"],
      ...tools.map(({ name, subject, summary }, i) => [
        tools[i - 1]?.subject === subject ? "" : subject,
        name,
        summary,
      ]),
    ]));
  }
  return Promise.resolve(0);
}
