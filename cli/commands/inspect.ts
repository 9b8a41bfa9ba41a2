/** `wasm-bpf inspect`: shows the parts of an artifact. */
import {
  type Content,
  describeEntry,
  type Description,
  findInStore,
  findModule,
  formatReference,
  type IndexEntry,
  MAX_MODULE_BYTES,
  readGadget,
  readModule,
  repositorySignatures,
  Store,
  storedSignatures,
} from "../../oci/mod.ts";
import { BtfError, ElfError } from "../../ebpf/btf/mod.ts";
import { type Level, LEVELS } from "../../ebpf/permissions/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { readInput, STDIN } from "../module/input_file.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { type ContentFacts, damagedContent, describeContent } from "../object/content_facts.ts";
import type { DamagedObject, KnownObject, ModuleFacts } from "../module/module_facts.ts";
import { signatureFacts } from "../module/signature_facts.ts";
import { asJson, asText, type Inspected, type InspectedFile } from "../inspect/artifact_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { nearest } from "../../ffi/nearest.ts";
import { print } from "../terminal/output_file.ts";
import { openProgress } from "../terminal/progress.ts";
import {
  artifactReference,
  isReadable,
  looksLikePath,
  registryReference,
} from "../args/reference.ts";
import { openRemote, REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";

const OPTIONS = {
  "remote": { help: "use the registry even if the store has it" },
  "json": { help: "print JSON, with the whole manifest" },
  "verify-key": {
    argument: "FILE",
    repeatable: true,
    help: "name the signatures by this public key; repeatable",
  },
  "fail-on": {
    argument: "LEVEL",
    help: "exit with 3 when eBPF programs reach this level or a later one: observe, inspect, " +
      "network, control, struct-ops, replace, write, never",
  },
  ...REGISTRY_OPTIONS,
} as const satisfies Record<string, OptionSpec>;

/** Help of `inspect`. */
export const PAGE: HelpPage = {
  usage: ["inspect [OPTIONS] REFERENCE|FILE"],
  about: "Shows the parts of an artifact (manifest, config, layers, annotations), the imports of " +
    "its module, and what the eBPF programs in it do to the kernel, without loading them. What the " +
    "local store lacks is requested from its registry, without the layers. FILE is a module or an " +
    "eBPF object; - is standard input.",
  options: OPTIONS,
};

type InspectLine = CommandLine<keyof typeof OPTIONS>;

/** Programs reach the level of `--fail-on`. */
const EXIT_LEVEL = 3;

/** Inspects one artifact, or one file. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [word, more] = line.rest;
  if (word === undefined || more !== undefined) {
    throw new UsageError("Cannot inspect: the command takes exactly one reference or file");
  }
  const show = line.flags.has("json") ? asJson : asText;
  const limit = levelOf(line.values["fail-on"]);
  if (!line.flags.has("remote") && (word === STDIN || isReadable(word) || looksLikePath(word))) {
    const file = await inspectFile(word);
    print(show(file));
    return exitCode(limit, file);
  }
  const outcome = await interruptibly(async (signal) => {
    const stored = line.flags.has("remote")
      ? undefined
      : await fromStore(word, line.lists?.["verify-key"]);
    return stored ?? await fromRegistry(word, line, signal);
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  print(show(outcome.value));
  const { module, object } = outcome.value;
  if (limit !== undefined && module === undefined && object === undefined) {
    throw new HostError(`Cannot check the level of ${word}: its module is not at hand`, {
      code: "NO_MODULE",
      hint: `wasm-bpf pull ${word} brings it into the local store`,
    });
  }
  return exitCode(limit, { module, object });
}

/** @throws {HostError} for what is neither a module nor an eBPF object */
async function inspectFile(word: string): Promise<InspectedFile> {
  const bytes = readInput(word, { maxBytes: MAX_MODULE_BYTES, isModule: true });
  const what = word === STDIN ? "standard input" : word;
  try {
    return { from: "file", file: word, ...await describeContent(bytes, { what }) };
  } catch (error) {
    throw error instanceof ElfError || error instanceof BtfError ? error.in(what) : error;
  }
}

/** @throws {UsageError} for an unknown level */
function levelOf(word: string | undefined): Level | undefined {
  if (word === undefined) return undefined;
  const level = LEVELS.find((known) => known === word);
  if (level !== undefined) return level;
  const close = nearest(word, [...LEVELS]);
  throw new UsageError(
    `Unknown permission level "${word}"`,
    close === undefined ? `the levels are ${LEVELS.join(", ")}` : `did you mean ${close}?`,
  );
}

/** An object that cannot be read, and one that is made at run time, may do anything. */
function exitCode(
  limit: Level | undefined,
  { module, object }: {
    module?: ModuleFacts | undefined;
    object?: KnownObject | DamagedObject | undefined;
  },
): number {
  if (limit === undefined) return 0;
  const objects = object === undefined ? module?.bpfObjects ?? [] : [object];
  const reached = module?.loadsOthers === true ||
    objects.some((one) => "problem" in one || LEVELS.indexOf(one.level) >= LEVELS.indexOf(limit));
  return reached ? EXIT_LEVEL : 0;
}

async function fromStore(
  word: string,
  verifyKeys: readonly string[] | undefined,
): Promise<Inspected | undefined> {
  const store = Store.openExisting();
  if (store === undefined) return undefined;
  const name = findInStore(store.entries(), word, () => artifactReference(word, "inspect"));
  const entry = store.entryOf(name);
  if (entry === undefined) return undefined;
  const description = await describeEntry(store, entry);
  return {
    from: "store",
    description,
    ...await contentOf(store, description),
    signatures: await signatureFacts(storedSignatures(store), { description, verifyKeys }),
  };
}

/** Returns nothing for an artifact without a complete module or object. */
async function contentOf(
  content: Pick<Content, "fetch">,
  { manifest, reference, digest }: Description,
): Promise<ContentFacts> {
  if (manifest?.kind !== "manifest") return {};
  const what = reference ?? digest;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readModule({ content, place: findModule(manifest, what), what });
  } catch (error) {
    if (error instanceof HostError) return {};
    throw error;
  }
  try {
    return await describeContent(bytes, { what, gadget: readGadget({ manifest }) });
  } catch (error) {
    if (error instanceof HostError) return damagedContent(bytes, error);
    throw error;
  }
}

async function fromRegistry(
  word: string,
  line: InspectLine,
  signal: AbortSignal,
): Promise<Inspected> {
  const reference = registryReference(word, "inspect");
  using progress = openProgress({ quiet: line.flags.has("quiet") });
  using remote = openRemote(reference, remoteOptions(line, progress));
  const { repository } = remote;
  const root = await repository.resolve(reference.digest ?? reference.tag ?? "latest", { signal });
  const entry: IndexEntry = { ...root, annotations: {} };
  const description = await describeEntry(repository, entry);
  if (description.manifest === undefined) {
    throw new HostError(`Cannot inspect "${word}": ${description.problem ?? "not readable"}`, {
      code: "BAD_MANIFEST",
    });
  }
  const named = { ...description, reference: formatReference(reference) };
  const source = repositorySignatures(repository);
  const verifyKeys = line.lists?.["verify-key"];
  return {
    from: "registry",
    description: named,
    signatures: await signatureFacts(source, { description: named, verifyKeys, signal }),
  };
}
