/** `wasm-bpf pull`: fetches an artifact into the store. */
import { moduleBytes, pullAdmitted, type Pulled, Store } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { interruptibly } from "../terminal/interruption.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { toJson } from "../terminal/output.ts";
import { print, STDOUT, writeOutput } from "../terminal/output_file.ts";
import { observing, openProgress } from "../terminal/progress.ts";
import { registryReference } from "../args/reference.ts";
import {
  openRemote,
  platformOf,
  REGISTRY_OPTIONS,
  remoteOptions,
} from "../args/registry_options.ts";

const OPTIONS = {
  "output": {
    short: "o",
    argument: "FILE",
    help: "also write the module to FILE, whole or not at all; - is standard output",
  },
  "platform": {
    argument: "OS/ARCHITECTURE",
    help: "select a platform of an image index (default: the one for WebAssembly)",
  },
  "verify-key": {
    argument: "FILE",
    repeatable: true,
    help: "require a signature by this key, made by cosign or wasm-bpf push --sign-key; repeatable",
  },
  "json": { help: "print what was pulled as JSON" },
  ...REGISTRY_OPTIONS,
  "out": { argument: "FILE" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `pull`. */
export const PAGE: HelpPage = {
  usage: ["pull [OPTIONS] REFERENCE"],
  about: "Fetches a module into the local store, from which wasm-bpf run starts it.",
  options: OPTIONS,
  notes: [
    "REFERENCE is like ghcr.io/you/tool:v1 or localhost:5000/tool@sha256:...; without a registry " +
    "it belongs to Docker Hub, or to the registry in WASM_BPF_REGISTRY.",
  ],
};

/** Pulls one artifact. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [word, more] = line.rest;
  if (word === undefined) throw new UsageError("No reference given");
  if (more !== undefined) {
    throw new UsageError(`Cannot pull "${more}": pull takes one reference`);
  }
  const reference = registryReference(word, "pull");
  const platform = platformOf(line.values);
  const output = line.values.output ?? line.values.out;
  if (output === STDOUT && line.flags.has("json")) {
    throw new UsageError("Cannot write both the module and JSON to standard output");
  }
  const outcome = await interruptibly(async (signal) => {
    using progress = openProgress({ quiet: line.flags.has("quiet") });
    const options = remoteOptions(line, progress);
    await using store = await Store.open();
    const arrived = await pullAdmitted(reference, store, {
      connect: () => openRemote(reference, options),
      observer: observing(progress, "pulled"),
      signal,
      platform,
      verifyKeys: line.lists?.["verify-key"],
    });
    const signed = arrived.verdicts.map(({ key }) => `, signed with ${key.name}`);
    progress.say(`${arrived.name} is ${arrived.root.digest}${signed.join("")}`);
    if (output !== undefined) {
      const { name: what, place } = arrived;
      await writeOutput(output, moduleBytes({ content: store, place, what }, { signal }));
    }
    return arrived;
  });
  if ("exitCode" in outcome) return outcome.exitCode;
  if (line.flags.has("json")) print(toJson(report(outcome.value, output), 2));
  return 0;
}

function report(pulled: Pulled, file: string | undefined): unknown {
  const { name, root, manifest, place, verdicts } = pulled;
  return {
    reference: name,
    digest: manifest.digest,
    ...(root.digest === manifest.digest ? {} : { chosenFrom: root.digest }),
    kind: place.kind,
    layers: place.layers,
    signatures: verdicts.map(({ key, digest, signature }) => ({
      key: key.name,
      keySha256: key.fingerprint,
      signedDigest: digest,
      signatureDigest: signature.digest,
    })),
    ...(file === undefined ? {} : { file }),
  };
}
