/** `wasm-bpf hub`: adds, removes, lists and refreshes hubs. */
import {
  addHub,
  BOX,
  CatalogError,
  checkNewHub,
  type Hub,
  hubKey,
  hubNamed,
  isToolName,
  PublicKey,
  readHubCatalog,
  readHubs,
  removeHub,
  TrustError,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { fileFailure, IrregularFile, readRegularFile } from "../../oci/paths/mod.ts";
import { unknownAction } from "../args/mistakes.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { registryReference } from "../args/reference.ts";
import { REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { boxTools } from "../box/box.ts";
import { fetchFrom, refreshHubs } from "../hub/refresh.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { printError, toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { openProgress } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "key": {
    argument: "FILE",
    help: "add: public key that signs the catalogue; pinned from then on",
  },
  "allow-unsigned": {
    help: "add: accept a catalogue without a signature; its registry can then change it",
  },
  "json": { help: "list: print JSON" },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

const ACTIONS = ["add", "remove", "list", "refresh"] as const;

/** Help of `hub`. */
export const PAGE: HelpPage = {
  usage: [
    "hub add NAME REFERENCE --key FILE",
    "hub remove NAME",
    "hub list [--json]",
    "hub refresh [NAME...]",
  ],
  about:
    "Manages hubs: signed catalogues of tools in registries. search, info and install use the " +
    "catalogues that were fetched last. The tools in wasm-bpf itself are the hub box, which is always there.",
  arguments: {
    NAME: "name for the hub on this machine",
    REFERENCE: "catalogue, such as ghcr.io/you/hub:latest",
  },
  options: OPTIONS,
  notes: ["refresh fetches all catalogues, or those of the named hubs; an older one is refused."],
};

type Line = CommandLine<keyof typeof OPTIONS>;

/** Manages hubs. */
export async function command(args: string[]): Promise<number> {
  const line: Line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [word, ...words] = line.rest;
  const action = ACTIONS.find((one) => one === word);
  if (action !== "add") {
    for (const option of ["key", "allow-unsigned"] as const) {
      if (!line.flags.has(option) && !(option in line.values)) continue;
      throw new UsageError(`Cannot use --${option} with hub ${word ?? ""}: it is for hub add`);
    }
  }
  switch (action) {
    case "add":
      return await add(line, words);
    case "remove":
      return await remove(words);
    case "list":
      return list(line, words);
    case "refresh":
      return await refresh(line, words);
    default:
      throw unknownAction(word, ACTIONS);
  }
}

async function add(line: Line, words: readonly string[]): Promise<number> {
  const [name, word, more] = words;
  if (name === undefined || word === undefined || more !== undefined) {
    throw new UsageError("Cannot add a hub: hub add takes a name and a reference");
  }
  if (!isToolName(name)) {
    throw new UsageError(
      `Cannot add the hub ${JSON.stringify(name)}: not a name`,
      "use lower-case letters, digits and dashes, a letter first",
    );
  }
  const reference = registryReference(word, "hub add");
  const pem = keyOf(line);
  const key = pem === undefined ? undefined : PublicKey.parse(pem, line.values.key ?? "");
  checkNewHub({ name });
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const options = { ...remoteOptions(line, progress), signal };
    const fetched = await fetchFrom({ reference, key }, options);
    signal.throwIfAborted();
    return { hub: await addHub({ name, reference, key: pem }, fetched), fetched };
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  const { catalog } = outcome.value.fetched;
  if (!line.flags.has("quiet")) {
    printError(
      visibleLine(`added ${name}: ${count(catalog.tools.length)}, serial ${catalog.serial}`),
    );
  }
  return 0;
}

function count(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}

const MAX_KEY_BYTES = 64 * 1024;

/** Returns the key in PEM; undefined for a hub that is allowed to be unsigned. */
function keyOf(line: Line): string | undefined {
  const path = line.values.key;
  const isUnsigned = line.flags.has("allow-unsigned");
  if (path !== undefined && isUnsigned) {
    throw new UsageError("Cannot use --key with --allow-unsigned: a key requires signatures");
  }
  if (path === undefined) {
    if (isUnsigned) return undefined;
    throw new CatalogError("Cannot add a hub without the key that signs its catalogue", {
      code: "UNSIGNED_HUB",
      hint:
        "pass --key FILE with the key from its publisher, or --allow-unsigned to trust its registry",
    });
  }
  try {
    const { bytes } = readRegularFile(path, { maxBytes: MAX_KEY_BYTES });
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    const reason = cause instanceof IrregularFile ? cause.message : fileFailure(cause).reason;
    throw new TrustError(`Cannot use the key "${path}": ${reason}`, {
      code: "BAD_KEY",
      hint: "check the path",
      cause,
    });
  }
}

async function remove(words: readonly string[]): Promise<number> {
  const [name, more] = words;
  if (name === undefined || more !== undefined) {
    throw new UsageError("Cannot remove a hub: hub remove takes one name");
  }
  if (name === BOX) throw new UsageError("Cannot remove the hub box: its tools are in wasm-bpf");
  await removeHub(name);
  return 0;
}

function list(line: Line, words: readonly string[]): number {
  if (words.length > 0) throw new UsageError(`Cannot list "${words[0]}": hub list takes no name`);
  const hubs = readHubs();
  const rows = [
    { name: BOX, tools: boxTools().length },
    ...hubs.map((hub) => ({ ...described(hub) })),
  ];
  if (line.flags.has("json")) {
    print(toJson(rows, 2));
    return 0;
  }
  print(formatTable([
    ["NAME", "TOOLS", "SERIAL", "FETCHED", "KEY", "REFERENCE"],
    ...rows.map((row) => [
      row.name,
      "problem" in row ? "damaged" : String(row.tools),
      "serial" in row ? String(row.serial) : "",
      "fetched" in row ? row.fetched.slice(0, 16).replace("T", " ") : "",
      "reference" in row ? row.key?.slice(0, 12) ?? "unsigned" : "",
      "reference" in row ? row.reference : "in wasm-bpf",
    ]),
  ], { right: [1] }));
  return 0;
}

function described(hub: Hub) {
  const { name, reference, catalog: { serial, fetched } } = hub;
  const key = hubKey(hub)?.fingerprint;
  const about = { name, reference, ...(key === undefined ? {} : { key }), serial, fetched };
  try {
    return { ...about, tools: readHubCatalog(hub).tools.length };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { ...about, tools: 0, problem: error.message };
  }
}

async function refresh(line: Line, words: readonly string[]): Promise<number> {
  const all = readHubs();
  const hubs = words.length === 0 ? all : words.map((name) => hubNamed(name, all));
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    return await refreshHubs(hubs, { ...remoteOptions(line, progress), signal });
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  return outcome.value.length > 0 ? 1 : 0;
}
