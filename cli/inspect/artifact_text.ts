/** Shows the facts about an artifact or a file, as text and as JSON. */
import { type Description, type Descriptor, formatPlatform, PERMISSIONS } from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { type Asked, notAsked, readAsked } from "../permissions/asked.ts";
import { toJson, visibleLine } from "../terminal/output.ts";
import { formatBytes } from "../terminal/units.ts";
import type { ContentFacts } from "../object/content_facts.ts";
import type { DamagedObject, KnownObject, ModuleFacts } from "../module/module_facts.ts";
import { objectLines } from "./object_text.ts";
import { runRows } from "./run_text.ts";
import type { SignatureFacts } from "../module/signature_facts.ts";

/** Facts that are shown of an artifact; those of its content if the store has it. */
export interface Inspected extends ContentFacts {
  readonly from: "store" | "registry";
  readonly description: Description;
  /** Signatures of the manifest. */
  readonly signatures: readonly SignatureFacts[];
}

/** Facts that are shown of a file: a module, or an eBPF object alone. */
export interface InspectedFile extends ContentFacts {
  readonly from: "file";
  readonly file: string;
}

/** Returns JSON with stable names: `docs/oci.md` has them. */
export function asJson(inspected: Inspected | InspectedFile): string {
  return toJson(inspected.from === "file" ? inspected : artifactOf(inspected), 2);
}

function artifactOf({ from, description, signatures, ...content }: Inspected): unknown {
  const { document, manifest, ...described } = description;
  return {
    from,
    ...described,
    manifest: document,
    signatures,
    asked: askedIn(manifest, described),
    ...content,
  };
}

/** Returns the permissions that a manifest asks for, or the reason why they cannot be read. */
function askedIn(
  manifest: Description["manifest"],
  { reference, digest }: Pick<Description, "reference" | "digest">,
): Asked | { readonly problem: string } | undefined {
  const text = manifest?.annotations[PERMISSIONS];
  if (text === undefined) return undefined;
  try {
    return readAsked(text, reference ?? digest);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { problem: error.message };
  }
}

function askedRows(
  asked: ReturnType<typeof askedIn>,
  { module, object }: ContentFacts,
): string[] {
  if (asked === undefined) return [];
  if ("problem" in asked) return [row("Asks for", asked.problem)];
  const { levels, kfuncs, attach } = asked;
  const objects = object === undefined ? module?.bpfObjects ?? [] : [object];
  const uses = objects.flatMap((one) => "programs" in one ? notAsked(one, asked) : []);
  const beyond = new Set(uses.map(({ level, call }) => call ?? level));
  return [
    row("Asks for", [levels.join(", ") || "no level", ...kfuncs, ...attach ?? []].join(", ")),
    ...(beyond.size === 0 ? [] : [
      row("Problem", `it uses ${[...beyond].join(", ")} and does not ask for that: run refuses it`),
    ]),
  ];
}

/** Returns lines for people. */
export function asText(inspected: Inspected | InspectedFile): string {
  const lines = inspected.from === "file" ? fileLines(inspected) : artifactLines(inspected);
  return lines.join("\n");
}

function fileLines({ file, ...content }: InspectedFile): string[] {
  const { module } = content;
  const size = module === undefined ? [] : [row("Size", formatBytes(module.sizeBytes))];
  return [row("File", file), ...size, ...contentLines(content)];
}

function contentLines({ module, object, run }: ContentFacts): string[] {
  if (object !== undefined) {
    const rows = runRows(run).map(([name, value]) => row(name, value));
    return [...objectRows([object], { isTool: true }), ...rows];
  }
  return module === undefined ? [] : moduleLines(module);
}

function artifactLines({ from, description, signatures, ...content }: Inspected): string[] {
  const { reference, digest, chosenFrom, kind, created, added, manifest, problem } = description;
  const rows: [string, string | undefined][] = [
    ["Reference", reference],
    ["From", from === "store" ? `the local store, since ${added ?? "unknown"}` : "its registry"],
    ["Digest", digest],
    ["Chosen from", chosenFrom],
    ["Kind", kind],
    ["Created", created],
    ["Problem", problem],
  ];
  const lines = rows.flatMap(([name, value]) => value === undefined ? [] : [row(name, value)]);
  if (manifest?.kind === "index") {
    for (const child of manifest.manifests) lines.push(row("Manifest", part(child)));
  } else if (manifest !== undefined) {
    lines.push(row("Config", part(manifest.config)));
    for (const layer of manifest.layers) lines.push(row("Layer", part(layer)));
  }
  const annotations = Object.entries(manifest?.annotations ?? {});
  for (const [key, value] of annotations) lines.push(row("Annotation", `${key}=${value}`));
  for (const { digest, key } of signatures) {
    lines.push(row("Signature", `${digest}  ${key === undefined ? "not verified" : `by ${key}`}`));
  }
  lines.push(...askedRows(askedIn(manifest, description), content), ...contentLines(content));
  return lines;
}

function moduleLines({ imports, exports, bpfObjects, loadsOthers }: ModuleFacts): string[] {
  return [
    ...imports.map(({ module, names }) => row("Imports", `${module}: ${names.join(", ")}`)),
    row("Exports", exports.join(", ")),
    ...objectRows(bpfObjects),
    ...(bpfObjects.length > 0 ? [] : [row("eBPF object", loadsOthers ? MADE_LATER : "none")]),
  ];
}

const MADE_LATER =
  "not in the module: it reads or makes one when it runs, which cannot be inspected";

function objectRows(
  objects: readonly (KnownObject | DamagedObject)[],
  { isTool = false }: { isTool?: boolean } = {},
): string[] {
  return objects.flatMap((object) => {
    const [first = "", ...others] = objectLines(object, { isTool });
    return [row("eBPF object", first), ...others.map((line) => " ".repeat(13) + line)];
  });
}

function part({ mediaType, digest, size, platform, annotations }: Descriptor): string {
  const title = annotations?.["org.opencontainers.image.title"];
  return [
    ...platform === undefined ? [] : [formatPlatform(platform)],
    mediaType,
    digest,
    formatBytes(size),
    ...title === undefined ? [] : [title],
  ].join("  ");
}

/** Escapes line feeds: a value must not look like several rows. */
function row(name: string, value: string): string {
  return `${name.padEnd(13)}${visibleLine(value)}`;
}
