/**
 * Bill of materials of the image, as SPDX 2.3 in JSON: what is in the binary, and the libraries next to
 * it.
 */
import config from "../../deno.json" with { type: "json" };
import sources from "../../third_party/sources.json" with { type: "json" };
import { LIBBPF_VERSION_FILE } from "./third_party.ts";
import { run } from "../lib/process.ts";

/** File of the image that comes from a package of Debian. */
export interface PackagedFile {
  readonly path: string;
}

interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly externalRefs: readonly {
    readonly referenceCategory: "PACKAGE-MANAGER";
    readonly referenceType: "purl";
    readonly referenceLocator: string;
  }[];
}

const NO_ASSERTION = "NOASSERTION";

/** Licences that the upstream projects declare. */
const LICENCES: Readonly<Record<string, string>> = {
  libbpf: "LGPL-2.1-only OR BSD-2-Clause",
  elfutils: "GPL-2.0-or-later OR LGPL-3.0-or-later",
  zlib: "Zlib",
  deno: "MIT",
};

/** Facts of the image that its bill names. */
export interface Bill {
  /** Seconds since 1970. */
  readonly createdS: number;
  /** SHA-256 of the binary, in hexadecimal. */
  readonly binary: string;
  /** Libraries by the path that they have on the build machine. */
  readonly libraries: readonly PackagedFile[];
}

/** Returns the document, the same for the same image. */
export async function billOfMaterials({ createdS, binary, libraries }: Bill): Promise<string> {
  const packages = [
    ownPackage(binary),
    part("deno", Deno.version.deno, `pkg:github/denoland/deno@v${Deno.version.deno}`),
    ...await linkedLibraries(),
    ...await npmPackages(),
    ...await debianPackages(libraries),
  ];
  const [own, ...others] = packages;
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `wasm-bpf-${config.version}`,
    documentNamespace: `https://spdx.org/spdxdocs/wasm-bpf-${config.version}-${binary}`,
    creationInfo: {
      created: new Date(createdS * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
      creators: [`Tool: wasm-bpf-build-${config.version}`],
    },
    packages,
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", own?.SPDXID ?? ""),
      ...others.map(({ SPDXID }) => relationship(own?.SPDXID ?? "", "CONTAINS", SPDXID)),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function relationship(spdxElementId: string, relationshipType: string, relatedSpdxElement: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function part(
  name: string,
  version: string,
  purl: string,
  more: Partial<Pick<SpdxPackage, "checksums" | "licenseDeclared">> = {},
): SpdxPackage {
  return {
    SPDXID: `SPDXRef-${purl.replaceAll(/[^A-Za-z0-9.]+/g, "-")}`,
    name,
    versionInfo: version,
    downloadLocation: NO_ASSERTION,
    filesAnalyzed: false,
    licenseConcluded: NO_ASSERTION,
    licenseDeclared: LICENCES[name] ?? NO_ASSERTION,
    externalRefs: [{
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: purl,
    }],
    ...more,
  };
}

function sha(algorithm: "SHA256" | "SHA512", checksumValue: string) {
  return { checksums: [{ algorithm, checksumValue }] };
}

function ownPackage(binary: string): SpdxPackage {
  const { version, license } = config;
  return part("wasm-bpf", version, `pkg:generic/wasm-bpf@${version}`, {
    licenseDeclared: license,
    ...sha("SHA256", binary),
  });
}

/** Libraries that are linked into the shim. */
async function linkedLibraries(): Promise<SpdxPackage[]> {
  const libbpf = (await Deno.readTextFile(LIBBPF_VERSION_FILE)).trim();
  return Object.entries(sources).flatMap(([name, releases]) => {
    const used = releases.find(({ version }) => name !== "libbpf" || version === libbpf);
    if (used === undefined) return [];
    const { version, sha256 } = used;
    return [part(name, version, `pkg:generic/${name}@${version}`, sha("SHA256", sha256))];
  });
}

interface ModuleInfo {
  readonly modules: readonly { readonly kind?: string; readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string; dependencies: string[] }>
  >;
}

/** Programs that are bundled: the binary's, and the page's, which is a file in it. */
const PROGRAMS = ["main.ts", "service/page/main.ts"];

/** Packages of npm that the programs import, and those that these import. */
async function npmPackages(): Promise<SpdxPackage[]> {
  const known: Record<string, ModuleInfo["npmPackages"][string]> = {};
  const found = new Set<string>();
  for (const program of PROGRAMS) {
    const info = JSON.parse(await run("deno", ["info", "--json", program])) as ModuleInfo;
    Object.assign(known, info.npmPackages);
    const waiting = info.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      waiting.push(...known[id]?.dependencies ?? []);
    }
  }
  const lock = JSON.parse(await Deno.readTextFile("deno.lock"));
  const locked = lock.npm as Readonly<Record<string, { readonly integrity?: string }>>;
  return [...found].sort().flatMap((id) => {
    const { name, version } = known[id] ?? {};
    if (name === undefined || version === undefined) return [];
    const integrity = /^sha512-(.+)$/.exec(locked[id]?.integrity ?? "")?.[1];
    const hash = integrity === undefined
      ? {}
      : sha("SHA512", Uint8Array.fromBase64(integrity).toHex());
    return [part(name, version, `pkg:npm/${name.replace(/^@/, "%40")}@${version}`, hash)];
  });
}

/** Packages of Debian that the libraries come from; none on another system. */
async function debianPackages(libraries: readonly PackagedFile[]): Promise<SpdxPackage[]> {
  const found = new Map<string, SpdxPackage>();
  for (const { path } of libraries) {
    // Where /lib is a link to /usr/lib, the package knows one of the two.
    const paths = [path, path.replace(/^\/usr\/lib/, "/lib")];
    const owner = (await Promise.all(paths.map(ownerOf))).find((name) => name !== undefined);
    if (owner === undefined) continue;
    const format = "${Package} ${Version} ${Architecture}";
    const text = await run("dpkg-query", ["--show", `--showformat=${format}`, owner]);
    const [name = "", version = "", architecture = ""] = text.trim().split(" ");
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    found.set(name, part(name, version, purl));
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return /^(\S+): /.exec(await run("dpkg-query", ["--search", path]))?.[1];
  } catch {
    return undefined;
  }
}
