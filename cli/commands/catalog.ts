/** `wasm-bpf catalog`: builds, publishes and shows catalogues. */
import { join } from "node:path";
import {
  type Catalog,
  CATALOG_LIMITS,
  formatCatalog,
  formatReference,
  isToolName,
  parseCatalog,
  pushCatalog,
  signArtifact,
} from "../../oci/mod.ts";
import { unknownAction } from "../args/mistakes.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { referenceOf, registryReference } from "../args/reference.ts";
import { openRemote, REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { readSigningKey } from "../args/signing_key.ts";
import { type BuiltTool, readTool, withTools } from "../hub/build.ts";
import { readInput } from "../module/input_file.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { toJson } from "../terminal/output.ts";
import { print, STDOUT, writeOutput } from "../terminal/output_file.ts";
import { observing, openProgress } from "../terminal/progress.ts";

const OPTIONS = {
  "hub": { argument: "NAME", help: "html: only the tools of this hub (default: all and the box)" },
  "name": { argument: "NAME", help: "build: name of the catalogue, which must not change later" },
  "from": {
    argument: "FILE",
    help: "build: add to the tools and versions of this catalogue; html: show it",
  },
  "serial": {
    argument: "NUMBER",
    help: "build: serial, higher than any before (default: seconds since 1970)",
  },
  "output": {
    short: "o",
    argument: "FILE",
    help: "build: write to FILE (default: -, standard output)",
  },
  "sign-key": {
    argument: "FILE",
    help: "push: sign with this key; its password comes from COSIGN_PASSWORD or a prompt",
  },
  "unsigned": { help: "push: publish without a signature; users must allow that" },
  "json": { help: "push: print what was pushed as JSON" },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

const ACTIONS = ["build", "push", "html"] as const;

/** Help of `catalog`. */
export const PAGE: HelpPage = {
  usage: [
    "catalog build [OPTIONS] REFERENCE...",
    "catalog push --sign-key FILE CATALOG REFERENCE",
    "catalog html [--from FILE | --hub NAME] DIR",
  ],
  about:
    "Publishes tools: build describes the artifacts at references, whose tags are versions, in a " +
    "catalogue, and push sends it to a registry, from which wasm-bpf hub add takes it.",
  arguments: {
    DIR: "directory for index.html, a page that needs no server and no network",
    REFERENCE: "artifact such as ghcr.io/you/tool:v1.2.0; for push, place of the catalogue",
    CATALOG: "file that build wrote",
  },
  options: OPTIONS,
  notes: [
    "Summary, licence, page and keywords come from the annotations org.opencontainers.image.description, " +
    ".licenses, .url and wasm-bpf.keywords of the artifacts; permissions and the oldest kernel from their bytes.",
  ],
};

type Line = CommandLine<keyof typeof OPTIONS>;

/** Options that one action alone has. */
const OWN: Readonly<Record<typeof ACTIONS[number], readonly (keyof typeof OPTIONS)[]>> = {
  build: ["name", "from", "serial", "output"],
  push: ["sign-key", "unsigned", "json"],
  html: ["hub", "from"],
};

/** Builds or pushes a catalogue. */
export async function command(args: string[]): Promise<number> {
  const line: Line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [word, ...words] = line.rest;
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined) throw unknownAction(word, ACTIONS);
  for (const other of ACTIONS) {
    for (const option of OWN[other]) {
      if (OWN[action].includes(option) || !(line.flags.has(option) || option in line.values)) {
        continue;
      }
      throw new UsageError(`Cannot use --${option} with catalog ${action}: it is for ${other}`);
    }
  }
  if (action === "html") return await writePage(line, words);
  return action === "build" ? await build(line, words) : await push(line, words);
}

async function build(line: Line, words: readonly string[]): Promise<number> {
  if (words.length === 0) throw new UsageError("No reference given");
  const references = words.map((word) => registryReference(word, "catalog"));
  const start = startOf(line);
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const options = remoteOptions(line, progress);
    const built: BuiltTool[] = [];
    for (const reference of references) {
      built.push(
        await readTool(reference, {
          connect: (one) => openRemote(one, options),
          observer: observing(progress, "read"),
          signal,
        }),
      );
    }
    return withTools(start, built);
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  const bytes = new TextEncoder().encode(formatCatalog(outcome.value));
  // A catalogue that users would refuse is not written.
  parseCatalog(bytes, "the new catalogue");
  await writeOutput(line.values.output ?? STDOUT, chunks(bytes));
  return 0;
}

async function* chunks(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Returns the catalogue to add to. */
function startOf({ values }: Line): Catalog {
  const before = values.from === undefined ? undefined : readCatalog(values.from);
  const name = values.name ?? before?.name;
  if (name === undefined) {
    throw new UsageError("No name given: the catalogue needs --name NAME, or --from FILE");
  }
  if (!isToolName(name)) {
    throw new UsageError(
      `Cannot use --name "${name}": not a name`,
      "use lower-case letters, digits and dashes, a letter first",
    );
  }
  if (before !== undefined && before.name !== name) {
    throw new UsageError(
      `Cannot use --name "${name}": the catalogue is "${before.name}", and users refuse another name`,
      "omit --name",
    );
  }
  const created = new Date();
  const now = Math.floor(created.getTime() / 1000);
  return {
    name,
    serial: serialOf(values.serial) ?? Math.max(now, (before?.serial ?? 0) + 1),
    created: created.toISOString().replace(/\.\d+Z$/, "Z"),
    tools: before?.tools ?? [],
  };
}

async function writePage({ values }: Line, words: readonly string[]): Promise<number> {
  const [folder, more] = words;
  if (folder === undefined || more !== undefined) {
    throw new UsageError("Cannot write the page: catalog html takes one directory");
  }
  if (values.from !== undefined && values.hub !== undefined) {
    throw new UsageError("Cannot use --from with --hub: pass one of them");
  }
  const { catalogPage } = await import("../hub/html.ts");
  const { pageTools } = await import("../hub/page_tools.ts");
  const catalog = values.from === undefined ? undefined : readCatalog(values.from);
  const tools = await pageTools(catalog ?? values.hub);
  const title = catalog?.name ?? values.hub ?? "Tools";
  const bytes = new TextEncoder().encode(catalogPage(tools, { title }));
  const { makeFolderFor } = await import("../hub/page_tools.ts");
  const path = join(folder, "index.html");
  makeFolderFor(path);
  await writeOutput(path, chunks(bytes));
  return 0;
}

function serialOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const serial = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(serial)) return serial;
  throw new UsageError(`Cannot use --serial "${text}": not a whole number`);
}

function readCatalog(path: string): Catalog {
  return parseCatalog(readInput(path, { maxBytes: CATALOG_LIMITS.bytes }), path);
}

async function push(line: Line, words: readonly string[]): Promise<number> {
  const [file, word, more] = words;
  if (file === undefined || word === undefined || more !== undefined) {
    throw new UsageError("Cannot push: catalog push takes a catalogue and a reference");
  }
  const reference = referenceOf(word);
  if (reference.digest !== undefined) {
    throw new UsageError("Cannot push to a digest: the content determines it", "use a tag");
  }
  const keyFile = line.values["sign-key"];
  if ((keyFile === undefined) !== line.flags.has("unsigned")) {
    throw new UsageError(
      keyFile === undefined
        ? "Cannot push the catalogue: no key to sign it with"
        : "Cannot use --sign-key with --unsigned",
      "pass --sign-key FILE, or --unsigned for a hub that users have to allow explicitly",
    );
  }
  const bytes = readInput(file, { maxBytes: CATALOG_LIMITS.bytes });
  const { serial } = parseCatalog(bytes, file);
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const key = keyFile === undefined ? undefined : await readSigningKey(keyFile);
    using remote = openRemote(reference, remoteOptions(line, progress));
    const { repository } = remote;
    // The tag moves last: what it names is signed by then.
    const { tag, ...untagged } = reference;
    const manifest = await pushCatalog({ repository, reference: untagged }, bytes, { signal });
    if (key !== undefined) {
      await signArtifact(repository, { reference, subject: manifest, key, signal });
    }
    await repository.tag(manifest, tag ?? "latest", { signal });
    const signed = key === undefined ? ", not signed" : `, signed with ${keyFile}`;
    progress.say(`${formatReference(reference)} is ${manifest.digest}${signed}`);
    return manifest;
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  const { digest, size } = outcome.value;
  const report = { reference: formatReference(reference), digest, sizeBytes: size, serial };
  if (line.flags.has("json")) print(toJson(report, 2));
  return 0;
}
