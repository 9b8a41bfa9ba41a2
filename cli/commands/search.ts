/** `wasm-bpf search`: finds tools in the box and in the catalogues that were fetched last. */
import { readInstalled, searchTools } from "../../oci/mod.ts";
import { nearest } from "../../ffi/nearest.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { allOffers, type Offer } from "../hub/offers.ts";
import { formatError, printError, toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "hub": { argument: "NAME", help: "search in this hub only; box is the tools in wasm-bpf" },
  "json": { help: "print JSON" },
  "quiet": { short: "q", help: "print HUB/NAME only" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `search`. */
export const PAGE: HelpPage = {
  usage: ["search [OPTIONS] WORD..."],
  about:
    "Finds tools by name, keyword and summary, the best first, in wasm-bpf itself and in the " +
    "catalogues of hubs as they were fetched last. It needs no network.",
  options: OPTIONS,
  notes: ["Several words must all match. wasm-bpf hub refresh fetches newer catalogues."],
};

/** Searches; exits with 1 when nothing is found, as grep does. */
export function command(args: string[]): Promise<number> {
  const { flags, values, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length === 0) {
    throw new UsageError("No word given", "run wasm-bpf tools to list the tools in wasm-bpf");
  }
  const query = rest.join(" ");
  const hub = values.hub;
  const offers = allOffers({
    ...(hub === undefined ? {} : { hub }),
    onProblem: (error) => printError(formatError(error, { verbose: false })),
  });
  const found = searchTools(offers, query);
  if (flags.has("json")) print(toJson(found.map(asJson), 2));
  else if (flags.has("quiet")) found.forEach((offer) => print(`${offer.hub}/${offer.name}`));
  else if (found.length > 0) print(tableOf(found));
  if (found.length > 0) return Promise.resolve(0);
  const close = nearest(query, offers.map(({ name }) => name));
  printError(visibleLine(`No tool matches "${query}"`));
  printError(
    close === undefined
      ? "hint: try another word; wasm-bpf hub refresh fetches newer catalogues"
      : `hint: did you mean ${close}?`,
  );
  return Promise.resolve(1);
}

function asJson({ hub, name, latest, summary, keywords }: Offer): unknown {
  return { hub, name, version: latest, summary, keywords };
}

function tableOf(found: readonly Offer[]): string {
  const installed = readInstalled();
  const isInstalled = ({ hub, name }: Offer) =>
    installed.some(({ origin }) => origin.hub === hub && origin.tool === name);
  return formatTable([
    ["NAME", "HUB", "VERSION", "", "SUMMARY"],
    ...found.map((offer) => [
      offer.name,
      offer.hub,
      offer.latest,
      isInstalled(offer) ? "installed" : "",
      offer.summary,
    ]),
  ]);
}
