/** `wasm-bpf push`: sends a module to a registry. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import {
  bytesSource,
  checkMagic,
  type Descriptor,
  fileSource,
  formatReference,
  MAGIC_BYTES,
  MAX_MODULE_BYTES,
  type PackedArtifact,
  packModule,
  type PackOptions,
  PERMISSIONS,
  pushModule,
  pushStored,
  readChunks,
  type Reference,
  type Repository,
  type SendOptions,
  signArtifact,
  type Source,
  storedName,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { readInput, STDIN } from "../module/input_file.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { existingStore } from "../module/local_store.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import {
  ASKED,
  askedFor,
  type AskedWords,
  askedWords,
  type Note,
} from "../permissions/asked_options.ts";
import { objectsIn } from "../object/content_facts.ts";
import { toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { observing, openProgress } from "../terminal/progress.ts";
import { isFile, isReadable, looksLikePath, registryReference } from "../args/reference.ts";
import { openRemote, REGISTRY_OPTIONS, remoteOptions } from "../args/registry_options.ts";
import { readSigningKey } from "../args/signing_key.ts";
import { spooled } from "../module/spool.ts";

const OPTIONS = {
  "module": { short: "m", argument: "FILE", help: "same as FILE" },
  "format": {
    argument: "compat|cncf",
    help: "format of wasm-to-oci and ecli (compat, the default), or the Wasm artifact of the CNCF",
  },
  "annotation": {
    short: "a",
    argument: "KEY=VALUE",
    repeatable: true,
    help: "annotate the manifest; repeatable",
  },
  "created": {
    argument: "TIME",
    help: "creation time, such as 2026-01-31T12:00:00Z (default: SOURCE_DATE_EPOCH, or now); the " +
      "same module, annotations and time give the same digest",
  },
  "ask-bpf": {
    argument: "LEVEL,...",
    repeatable: true,
    help:
      "ask for these levels, too, in the manifest; default: those that inspect finds; repeatable",
  },
  "ask-kfunc": {
    argument: "NAME,...",
    repeatable: true,
    help: "ask for these kernel functions, too; repeatable",
  },
  "ask-attach": {
    argument: "KIND[:TARGET]",
    repeatable: true,
    help: "ask to attach programs to these places alone; repeatable",
  },
  "sign-key": {
    argument: "FILE",
    help:
      "sign with this key, as cosign sign --key does; its password comes from COSIGN_PASSWORD " +
      "or a prompt",
  },
  "json": { help: "print what was pushed as JSON" },
  ...REGISTRY_OPTIONS,
  "annotations": { argument: "KEY=VALUE", repeatable: true },
} as const satisfies Record<string, OptionSpec>;

/** Help of `push`. */
export const PAGE: HelpPage = {
  usage: ["push [OPTIONS] FILE REFERENCE", "push [OPTIONS] REFERENCE"],
  about:
    "Sends a module to a registry: FILE, where - is standard input, or without FILE what the " +
    "local store has as REFERENCE.",
  options: OPTIONS,
};

type PushLine = CommandLine<keyof typeof OPTIONS>;

/** Pushes one module. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const { file, word } = operands(line);
  const reference = registryReference(word, "push");
  checkOptions(line, { file, reference });
  const packing = file === undefined ? undefined : { file, ...packingOf(line) };
  const words = askedWords(line);
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    using remote = openRemote(reference, remoteOptions(line, progress));
    const onNote = (text: string) => progress.say(visibleLine(`note: ${text}`));
    const sent = packing && await packed(packing, { signal, words, onNote });
    // Report a wrong key before anything is sent.
    const keyFile = line.values["sign-key"];
    const key = keyFile === undefined ? undefined : await readSigningKey(keyFile);
    const to = { remote: remote.repository, reference };
    const options = { observer: observing(progress, "pushed"), signal };
    const manifest = sent === undefined
      ? await sendStored(to, options)
      : await pushModule(to, sent, options);
    if (key !== undefined) {
      await signArtifact(remote.repository, { reference, subject: manifest, key, signal });
    }
    const signed = key === undefined ? "" : `, signed with ${keyFile}`;
    progress.say(`${formatReference(reference)} is ${manifest.digest}${signed}`);
    return manifest;
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  const { digest, size, mediaType } = outcome.value;
  const report = { reference: formatReference(reference), digest, sizeBytes: size, mediaType };
  if (line.flags.has("json")) print(toJson(report, 2));
  return 0;
}

/** Returns file and reference: FILE REFERENCE, or REFERENCE alone with `-m FILE` or from the store. */
function operands({ rest, values }: PushLine): { file: string | undefined; word: string } {
  const expected = values.module === undefined ? 2 : 1;
  const word = rest.at(-1);
  if (word === undefined) throw new UsageError("No reference given");
  if (rest.length > expected) {
    throw new UsageError(`Too many arguments: ${rest.slice(expected).join(" ")}`);
  }
  if (rest.length === 1 && expected === 2 && (isReadable(word) || looksLikePath(word))) {
    throw new UsageError(
      `Cannot push "${word}": no reference given`,
      `add a reference: wasm-bpf push ${word} ghcr.io/you/tool:v1`,
    );
  }
  return { file: values.module ?? (rest.length === 2 ? rest[0] : undefined), word };
}

function checkOptions(
  line: PushLine,
  { file, reference }: { file: string | undefined; reference: Reference },
): void {
  if (reference.digest !== undefined) {
    throw new UsageError(
      "Cannot push to a digest: the content determines it",
      "use a tag: ghcr.io/you/tool:v1",
    );
  }
  if (file !== undefined) return;
  for (const name of ["format", "created", "annotation", "annotations", ...ASKED] as const) {
    if (line.values[name] === undefined) continue;
    throw new UsageError(
      `Cannot use --${name}: artifacts in the store are pushed unchanged`,
      "add the module: wasm-bpf push FILE REFERENCE",
    );
  }
}

/** Module to push. */
interface Module extends Pick<Descriptor, "digest" | "size"> {
  readonly title: string;
  readonly source: Source;
}

async function readModule(path: string, signal: AbortSignal): Promise<Module> {
  const [title, what] = path === STDIN ? ["module.wasm", "standard input"] : [basename(path), path];
  return await hashed(await sourceOf(path, signal), { title, what });
}

async function sourceOf(path: string, signal: AbortSignal): Promise<Source> {
  const maxBytes = MAX_MODULE_BYTES;
  if (path === STDIN || isPipe(path)) return await spooled(path, { maxBytes, signal });
  if (isFile(path)) return fileSource(path);
  // Reports a directory as such; the kernel's own files are small.
  return bytesSource(readInput(path, { maxBytes, isModule: true }));
}

function isPipe(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo === true;
  } catch {
    return false;
  }
}

/** Reads the source once for its digest and size; sending reads it again. */
async function hashed(
  source: Source,
  { title, what }: { title: string; what: string },
): Promise<Module> {
  const hash = createHash("sha256");
  let size = 0;
  let start = new Uint8Array(0);
  await readChunks(await source(), (chunk) => {
    if (start.length < MAGIC_BYTES) {
      start = Uint8Array.of(...start, ...chunk.subarray(0, MAGIC_BYTES));
    }
    hash.update(chunk);
    size += chunk.length;
    if (size > MAX_MODULE_BYTES) throw tooLarge(what);
  });
  checkMagic(start.subarray(0, MAGIC_BYTES), what);
  return { digest: `sha256:${hash.digest("hex")}`, size, title, source };
}

function tooLarge(what: string): HostError {
  return new HostError(`Cannot push "${what}": larger than 1 GiB`, {
    code: "TOO_LARGE",
    hint: "build a smaller module: no WebAssembly engine compiles this size",
  });
}

/** Format, creation time and annotations of the artifact. */
type Packing = Omit<PackOptions, "title">;

function packingOf(line: PushLine): Packing {
  const { format = "compat" } = line.values;
  if (format !== "compat" && format !== "cncf") {
    throw new UsageError(`Cannot use --format "${format}": unknown format`, "pass compat or cncf");
  }
  const given = [...line.lists?.annotation ?? [], ...line.lists?.annotations ?? []];
  return {
    format,
    created: creationTime(line.values.created),
    annotations: Object.fromEntries(given.map(parseAnnotation)),
  };
}

async function packed(
  { file, ...packing }: Packing & { file: string },
  { signal, words, onNote }: { signal: AbortSignal; words: AskedWords; onNote: Note },
): Promise<{ artifact: PackedArtifact; source: Source }> {
  const { title, source, ...module } = await readModule(file, signal);
  const asked = await askedFor({ ...module, source, title, objectsIn }, words, onNote);
  const annotations = {
    ...packing.annotations,
    ...(asked === undefined ? {} : { [PERMISSIONS]: asked }),
  };
  return { artifact: packModule(module, { ...packing, annotations, title }), source };
}

function parseAnnotation(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (text.slice(0, equals) === PERMISSIONS) {
    throw new UsageError(
      `Cannot use --annotation "${PERMISSIONS}": push writes it`,
      "pass --ask-bpf=LEVEL to ask for more than inspect finds",
    );
  }
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new UsageError(`Cannot use --annotation "${text}": not KEY=VALUE`);
}

/** RFC 3339 with a time and a zone, since a date alone depends on the zone. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** Returns `--created`, else SOURCE_DATE_EPOCH (reproducible-builds.org), else now. */
function creationTime(given: string | undefined): Date {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  const isEpoch = given === undefined && epoch !== undefined && epoch !== "";
  const text = isEpoch ? epoch : given;
  if (text === undefined) return new Date();
  const isRight = (isEpoch ? /^\d{1,12}$/ : TIME).test(text);
  const time = new Date(isEpoch ? Number(text) * 1000 : text);
  if (isRight && !Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `Cannot use ${isEpoch ? "SOURCE_DATE_EPOCH" : "--created"} "${text}": invalid time`,
    isEpoch ? "set it to seconds since 1970" : "write it like 2026-01-31T12:00:00Z",
  );
}

/** Repository and reference to push to. */
interface Target {
  readonly remote: Repository;
  readonly reference: Reference;
}

async function sendStored(to: Target, options: SendOptions): Promise<Descriptor> {
  const name = storedName(to.reference);
  await using store = existingStore(name);
  return await pushStored(to, { store, name }, options);
}
