/** `wasm-bpf info`: shows a tool of the box or of a hub. */
import {
  BOX,
  type CatalogVersion,
  parseReference,
  readInstalled,
  requirementsFor,
  TrustError,
} from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { boxFile } from "../box/box.ts";
import { toolFacts } from "../hub/facts.ts";
import { BOX_VERSION, type Offer, offerFor, toolWord, versionOf } from "../hub/offers.ts";
import { toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";

const OPTIONS = {
  "json": { help: "print JSON" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `info`. */
export const PAGE: HelpPage = {
  usage: ["info [OPTIONS] [HUB/]NAME[@VERSION]"],
  about:
    "Shows a tool of wasm-bpf or of a hub: its versions, the permissions that it needs, kernels, " +
    "architectures, licence, and whether it is installed.",
  options: OPTIONS,
};

/** Facts that are shown. */
interface Info {
  readonly name: string;
  readonly hub: string;
  readonly summary: string;
  readonly version: string;
  readonly reference?: string;
  readonly kind: string;
  readonly permissions: readonly string[];
  readonly kernels: { readonly minimum: string };
  readonly architectures: readonly string[];
  readonly licence?: string;
  readonly home?: string;
  readonly keywords: readonly string[];
  readonly versions: readonly string[];
  /** Version that is installed, and its name there. */
  readonly installed?: { readonly name: string; readonly version: string };
  /** Reason why a policy refuses it. */
  readonly rejected?: string;
}

/** Shows one tool. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest: [word, more] } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (word === undefined || more !== undefined) {
    throw new UsageError("Cannot show a tool: info takes exactly one name");
  }
  const named = toolWord(word, "info");
  const info = await infoOf(offerFor(named, "info"), named.version);
  print(flags.has("json") ? toJson(info, 2) : linesOf(info).map(visibleLine).join("\n"));
  return 0;
}

async function infoOf(offer: Offer, wanted: string | undefined): Promise<Info> {
  const { hub, name, summary, licence, home, keywords } = offer;
  const version = hub === BOX ? await boxVersion(name) : versionOf(offer, wanted);
  const installed = readInstalled().find(({ origin }) =>
    origin.hub === hub && origin.tool === name
  );
  const rejected = version.reference === "" ? undefined : rejection(version.reference);
  const { reference, ...facts } = version;
  return {
    name,
    hub,
    summary,
    ...facts,
    ...(reference === "" ? {} : { reference }),
    ...(licence === undefined ? {} : { licence }),
    ...(home === undefined ? {} : { home }),
    keywords,
    versions: hub === BOX ? [BOX_VERSION] : offer.versions.map((one) => one.version),
    ...(installed === undefined
      ? {}
      : { installed: { name: installed.name, version: installed.version } }),
    ...(rejected === undefined ? {} : { rejected }),
  };
}

async function boxVersion(name: string): Promise<CatalogVersion> {
  const bytes = boxFile(name);
  if (bytes === undefined) throw new UsageError(`Cannot show "${name}": not made for this machine`);
  const { kind, levels, kernel } = await toolFacts(bytes, name);
  return {
    version: BOX_VERSION,
    reference: "",
    kind,
    permissions: levels,
    kernels: { minimum: kernel },
    architectures: [Deno.build.arch],
  };
}

/** Returns the reason why a policy refuses a reference; signatures are verified at the installation. */
function rejection(reference: string): string | undefined {
  try {
    requirementsFor(parseReference(reference));
    return undefined;
  } catch (error) {
    if (error instanceof TrustError) return error.message;
    throw error;
  }
}

function linesOf(info: Info): string[] {
  const { installed } = info;
  const rows: [string, string | undefined][] = [
    ["Name", info.name],
    ["Hub", info.hub],
    ["Summary", info.summary],
    ["Version", info.version],
    ["Versions", info.versions.length > 1 ? info.versions.join(", ") : undefined],
    ["Kind", info.kind],
    ["Permissions", info.permissions.join(", ") || "none"],
    ["Kernels", `${info.kernels.minimum} and newer`],
    ["Machines", info.architectures.join(", ")],
    ["Licence", info.licence],
    ["Home", info.home],
    ["Keywords", info.keywords.join(", ") || undefined],
    ["Reference", info.reference],
    [
      "Installed",
      installed === undefined
        ? undefined
        : `${installed.version}${installed.name === info.name ? "" : ` as ${installed.name}`}`,
    ],
    ["Rejected", info.rejected],
    ["Run", info.hub === BOX ? `wasm-bpf ${info.name}` : undefined],
    [
      "Install",
      installed === undefined && info.hub !== BOX
        ? `wasm-bpf install ${info.hub}/${info.name}`
        : undefined,
    ],
  ];
  return rows.flatMap(([name, value]) => value === undefined ? [] : [`${name.padEnd(13)}${value}`]);
}
