/** Builds a catalogue from references: reads each artifact, and describes what its bytes do. */
import {
  type Catalog,
  type CatalogTool,
  type CatalogVersion,
  compareVersions,
  describeEntry,
  formatReference,
  isToolName,
  pullAdmitted,
  type Pulled,
  readModule,
  type Reference,
  type Remote,
  Store,
  type TransferObserver,
  versionOfTag,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { toolFacts } from "./facts.ts";

/** Annotations of an artifact that a catalogue takes (image-spec, annotations.md), and ours. */
const ANNOTATION = {
  title: "org.opencontainers.image.title",
  description: "org.opencontainers.image.description",
  version: "org.opencontainers.image.version",
  licence: "org.opencontainers.image.licenses",
  home: "org.opencontainers.image.url",
  source: "org.opencontainers.image.source",
  keywords: "wasm-bpf.keywords",
  architectures: "wasm-bpf.architectures",
} as const;

/** All architectures that wasm-bpf and its tools are made for. */
const ARCHITECTURES = ["x86_64", "aarch64"];
const MAX_SUMMARY = 200;

/** Connection to registries. */
export interface BuildOptions {
  connect(reference: Reference): Remote;
  readonly observer: TransferObserver;
  readonly signal: AbortSignal;
}

/** One version of one tool. */
export interface BuiltTool {
  /** Members that the artifact has; the others stay as they are in the catalogue. */
  readonly tool: Pick<CatalogTool, "name"> & Partial<Omit<CatalogTool, "versions">>;
  /** Summary of a tool that is new and has none. */
  readonly fallback: string;
  readonly version: CatalogVersion;
}

/**
 * Reads one artifact through the local store.
 *
 * @param reference with a tag that is a version, unless an annotation has the version
 * @throws {HostError} `NO_VERSION`, `BAD_NAME`, and those of pulls
 */
export async function readTool(reference: Reference, options: BuildOptions): Promise<BuiltTool> {
  const { signal, observer } = options;
  const what = formatReference(reference);
  await using store = await Store.open();
  const connect = () => options.connect(reference);
  const pulled = await pullAdmitted(reference, store, { connect, observer, signal });
  const { place } = pulled;
  const bytes = await readModule({ content: store, place, what }, { signal });
  const facts = await toolFacts(bytes, what);
  const annotations = await annotationsOf(store, pulled);
  const { registry, repository } = reference;
  const version: CatalogVersion = {
    version: versionFor(reference, annotations),
    reference: formatReference({ registry, repository, digest: pulled.root.digest }),
    kind: facts.kind,
    permissions: facts.levels,
    kernels: { minimum: facts.kernel },
    architectures: wordsOf(annotations[ANNOTATION.architectures]) ??
      (facts.isPortable ? ARCHITECTURES : [Deno.build.arch]),
  };
  const description = annotations[ANNOTATION.description];
  const keywords = wordsOf(annotations[ANNOTATION.keywords]);
  const licence = annotations[ANNOTATION.licence];
  const home = annotations[ANNOTATION.home] ?? annotations[ANNOTATION.source];
  return {
    tool: {
      name: nameFor(reference),
      ...(description === undefined ? {} : { summary: summaryOf(description) }),
      ...(licence === undefined ? {} : { licence }),
      ...(home === undefined ? {} : { home }),
      ...(keywords === undefined ? {} : { keywords }),
    },
    fallback: summaryOf(facts.summaries[0] ?? ""),
    version,
  };
}

async function annotationsOf(store: Store, { manifest }: Pulled): Promise<Record<string, string>> {
  const entry = { ...manifest, annotations: {} };
  const described = await describeEntry(store, entry);
  return { ...described.manifest?.annotations };
}

function wordsOf(text: string | undefined): string[] | undefined {
  const words = text?.split(/[\s,]+/).filter((word) => word !== "");
  return words === undefined || words.length === 0 ? undefined : words;
}

/** Returns one line within the limit of catalogues. */
function summaryOf(text: string): string {
  const line = text.trim().split("\n")[0]?.trim() ?? "";
  const summary = line === "" ? "run a WebAssembly module" : line;
  return summary.length <= MAX_SUMMARY ? summary : `${summary.slice(0, MAX_SUMMARY - 1)}…`;
}

function nameFor({ repository }: Reference): string {
  const name = (repository.split("/").at(-1) ?? "").replaceAll(/[._]+/g, "-");
  if (isToolName(name)) return name;
  throw new HostError(`Cannot name the tool in "${repository}": "${name}" is not a name`, {
    code: "BAD_NAME",
    hint: "push it to a repository that ends in letters, digits and dashes, a letter first",
  });
}

function versionFor(reference: Reference, annotations: Record<string, string>): string {
  const given = annotations[ANNOTATION.version] ?? reference.tag ?? "";
  const version = versionOfTag(given);
  if (version !== undefined) return version;
  throw new HostError(
    `Cannot find the version of "${formatReference(reference)}": "${given}" is not a version`,
    {
      code: "NO_VERSION",
      hint: `tag it like v1.2.0, or push it with -a ${ANNOTATION.version}=1.2.0`,
    },
  );
}

/**
 * Adds versions to a catalogue. The facts of a tool are those of its newest version.
 *
 * @throws {HostError} `CHANGED_VERSION` for a version that is there with another digest
 */
export function withTools(catalog: Catalog, built: readonly BuiltTool[]): Catalog {
  const tools = new Map(catalog.tools.map((tool) => [tool.name, tool]));
  for (const { tool, fallback, version } of built) {
    const before = tools.get(tool.name) ??
      { name: tool.name, summary: fallback, keywords: [], versions: [] };
    const { versions } = before;
    const same = versions.find((one) => compareVersions(one.version, version.version) === 0);
    if (same !== undefined && same.reference !== version.reference) {
      throw new HostError(
        `Cannot change version ${version.version} of "${tool.name}": it is ${same.reference}`,
        { code: "CHANGED_VERSION", hint: "publish the change as a new version" },
      );
    }
    const all = [...versions.filter((one) => one !== same), version]
      .sort((a, b) => compareVersions(b.version, a.version));
    const isNewest = all[0] === version;
    tools.set(tool.name, { ...before, ...(isNewest ? tool : {}), versions: all });
  }
  return { ...catalog, tools: [...tools.values()] };
}
