/** Finds the module that a word names: a file, an address or a reference. */
import { basename } from "node:path";
import {
  type AcquiredModule,
  acquireModule,
  boundsForAddress,
  boundsForArtifact,
  boundsForFile,
  checkAddress,
  digestOf,
  fetchFile,
  type GadgetParts,
  isLoopback,
  MAX_MODULE_BYTES,
  type Origin,
  policiesThere,
  type PolicyBound,
  type Reference,
  storedName,
  StoreError,
  withoutSecrets,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { UsageError } from "../errors.ts";
import { readInput, STDIN } from "./input_file.ts";
import { boxFile } from "../box/box.ts";
import { fetchLimit, interruptibly } from "../terminal/interruption.ts";
import { isPromptFile, readModuleFile } from "./module_file.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { observing, openProgress } from "../terminal/progress.ts";
import { hintFor, looksLikeReference, referenceOf } from "../args/reference.ts";
import { openRemote, type RemoteOptions, retryNotice } from "../args/registry_options.ts";
import { saysReference } from "../args/reference_word.ts";
import type { RunLine } from "../args/run_options.ts";

/** A module's bytes and name; or the exit code, if a signal interrupted the search. */
export type Named =
  | {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly name: string;
    /** Its registry or address; undefined for a file and standard input. */
    readonly origin?: Origin;
    /** Bounds of policies for its eBPF programs. */
    readonly bounds?: readonly PolicyBound[];
    /** Metadata of a gadget of Inspektor Gadget. */
    readonly gadget?: GadgetParts | undefined;
    /** Name of a tool in the box. */
    readonly tool?: string;
  }
  | { readonly exitCode: number };

/** Connection and requirements of a module from elsewhere. */
interface Parts extends RemoteOptions {
  readonly platform: string | undefined;
  readonly verifyKeys: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Values of `--pull`. */
const PULL = ["always", "missing", "never"] as const;

/** Options that apply to artifacts, not to files. */
const ARTIFACT_OPTIONS = ["pull", "platform", "verify-key"] as const;

/**
 * Returns the module that `word` names: the name of a tool in the box, then that of an installed one; `-`
 * is standard input; an existing file is that file; an address of a file is fetched; anything
 * else is a reference in the store or a registry.
 *
 * @throws {UsageError} for options that do not apply to it
 * @throws {HostError} with a hint at both meanings, if it is neither a file nor a reference
 */
export async function namedModule(word: string, line: RunLine): Promise<Named> {
  const isInstalled = line.flags.has("installed");
  const tool = isInstalled ? undefined : boxFile(word);
  if (tool !== undefined) {
    onlyForArtifacts(word, line, `the tool "${word}"`);
    return { bytes: tool, name: word, tool: word };
  }
  if (isInstalled || /^[a-z][a-z0-9-]*$/.test(word)) {
    const { installedModule } = await import("./installed_module.ts");
    const installed = await installedModule(word, line);
    if (installed !== undefined) return installed;
  }
  if (word === STDIN || (isThere(word) && !isGoverned(word))) {
    onlyForArtifacts(word, line);
    const options = { maxBytes: MAX_MODULE_BYTES, isModule: true, timeout: line.values.timeout };
    const bytes = word !== STDIN && isPrompt(word)
      ? readModuleFile(word)
      : readInput(word, options);
    return { bytes, name: word, bounds: boundsForFile(word === STDIN ? undefined : word) };
  }
  const isAddress = isFileAddress(word);
  const find = isAddress ? fromAddress : fromReference;
  // The guest sees the name, and a signed address contains secrets.
  const name = isAddress ? withoutSecrets(word) : word;
  const limit = fetchLimit(line.values.timeout, name);
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const parts = {
      progress,
      signal,
      plainHttp: line.flags.has("plain-http"),
      caFile: line.values["ca-file"],
      trustedRealms: line.lists?.["trust-realm"],
      platform: line.values.platform,
      verifyKeys: line.lists?.["verify-key"],
    };
    return await find(word, line, parts);
  }, limit);
  return "value" in outcome ? { ...outcome.value, name } : outcome;
}

/** Module from elsewhere, with the bounds of policies. */
type Foreign = AcquiredModule & { readonly bounds: readonly PolicyBound[] };

/** True also for a directory or an unreadable file: the user meant the file. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) &&
      !looksLikeReference(path);
  }
}

/** True also for a directory, and for what cannot be looked at: its reader reports that. */
function isPrompt(path: string): boolean {
  try {
    return isPromptFile(path) || Deno.statSync(path).isDirectory;
  } catch {
    return true;
  }
}

/**
 * Reports whether policies apply to a word even if a file has that name: other writers to the working
 * directory must not bypass them.
 */
function isGoverned(word: string): boolean {
  return saysReference(word) && policiesThere().length > 0;
}

function onlyForArtifacts(
  word: string,
  line: RunLine,
  what = word === STDIN ? "standard input" : `the file "${word}"`,
): void {
  for (const name of ARTIFACT_OPTIONS) {
    if (line.values[name] === undefined) continue;
    throw new UsageError(`Cannot use --${name} with ${what}: it applies to references`);
  }
}

/** Ends of addresses that are files; others are references, which may have a scheme, too. */
const FILE_SUFFIX = /\.(wasm|o|json|ya?ml|tar|tgz|gz|zst)$/i;

function isFileAddress(word: string): boolean {
  const url = URL.parse(word);
  return url !== null && /^https?:$/.test(url.protocol) && FILE_SUFFIX.test(url.pathname);
}

async function fromAddress(
  address: string,
  line: RunLine,
  parts: Parts,
): Promise<Foreign> {
  onlyForArtifacts(withoutSecrets(address), line);
  // Parsed once: policies and the connection must use the same URL.
  const url = new URL(address);
  checkAddress(url);
  const { progress, signal, caFile, plainHttp } = parts;
  const { protocol, host, pathname } = url;
  if (protocol === "http:" && !isLoopback(host)) {
    printError(
      `warning: ${visibleLine(host)} is used without TLS: the network can change the module`,
    );
  }
  let transfer: ReturnType<typeof progress.start> | undefined;
  const bytes = await fetchFile(url, {
    admit: checkAddress,
    limit: MAX_MODULE_BYTES,
    signal,
    caFile,
    plainHttp,
    onProgress(through, size) {
      transfer ??= progress.start(basename(pathname), size);
      transfer.update(through);
    },
    onRetry: retryNotice(progress),
  });
  transfer?.end("fetched");
  const repository = `${url.origin}${url.pathname}`;
  const origin = { repository, digest: digestOf(bytes), signers: [] };
  return { bytes, origin, bounds: boundsForAddress(url) };
}

async function fromReference(
  word: string,
  line: RunLine,
  parts: Parts,
): Promise<Foreign> {
  const when = pullPolicy(line);
  if (!looksLikeReference(word)) throw neither(word);
  const reference = referenceOf(word);
  const { platform, verifyKeys, progress, signal } = parts;
  const module = await acquireModule(reference, {
    what: word,
    when,
    connect: () => openRemote(reference, parts),
    observer: observing(progress, "pulled"),
    platform,
    verifyKeys,
    signal,
  });
  if (module === undefined) throw notInStore(reference);
  return { ...module, bounds: boundsForArtifact(reference) };
}

function pullPolicy(line: RunLine): typeof PULL[number] {
  const given = line.values.pull ?? "missing";
  const policy = PULL.find((one) => one === given);
  if (policy !== undefined) return policy;
  throw new UsageError(
    `Cannot use --pull "${given}": unknown value`,
    `pass one of ${PULL.join(", ")}`,
  );
}

/** Word that is neither a file nor a reference. Code: `ENOENT`. */
export class NoModuleError extends HostError {
  override name = "NoModuleError";
}

function neither(word: string): NoModuleError {
  const reason = "no such file, and a reference needs a tag or a slash";
  return new NoModuleError(`Cannot run "${word}": ${reason}`, {
    code: "ENOENT",
    hint: `check the path; ${hintFor(word)}. ` +
      "Put options of wasm-bpf before the module",
  });
}

function notInStore(reference: Reference): StoreError {
  return new StoreError(`Cannot run "${storedName(reference)}": not in the store`, {
    code: "NOT_IN_STORE",
    hint: "omit --pull never, or run wasm-bpf pull first",
  });
}
