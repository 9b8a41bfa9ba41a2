import { resolve } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { fileState, filesUnder, writeFile } from "../lib/step.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * The machine's own Debian mirror, from the content of its apt sources: the address of the first
 * entry for the release that runs here. Undefined when no entry is.
 *
 * @param sources contents of `sources.list`, `*.list` and `*.sources` files
 * @param release code name of the release, such as "bookworm"
 */
export function findMirror(sources: readonly string[], release: string): string | undefined {
  for (const text of sources) {
    for (const { address, suites } of [...oneLineEntries(text), ...deb822Entries(text)]) {
      if (suites.includes(release)) return address;
    }
  }
  return undefined;
}

interface Entry {
  readonly address: string;
  readonly suites: readonly string[];
}

/** `deb [options] ADDRESS SUITE COMPONENT…`, as in sources.list(5). */
function* oneLineEntries(text: string): Generator<Entry> {
  for (const line of text.split("\n")) {
    const match = /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+\S/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) {
      yield { address: match[1], suites: [match[2]] };
    }
  }
}

/** Paragraphs with `URIs:` and `Suites:` fields, as in sources.list(5). */
function* deb822Entries(text: string): Generator<Entry> {
  for (const paragraph of text.replaceAll(/^#.*\n/gm, "").split(/\n\s*\n/)) {
    if (/^Enabled:\s*no\b/im.test(paragraph)) continue;
    const address = /^URIs:\s*(\S+)/im.exec(paragraph)?.[1];
    const suites = /^Suites:\s*(\S.*)$/im.exec(paragraph)?.[1];
    if (address !== undefined && suites !== undefined) {
      yield { address, suites: suites.trim().split(/\s+/) };
    }
  }
}

/** A set of apt lists of our own under `.cache/apt`: the machine's configuration stays as it is. */
export class PrivateApt {
  readonly #configuration: string;

  private constructor(configuration: string) {
    this.#configuration = configuration;
  }

  /**
   * Fetches the package lists of some suites from the machine's own mirror.
   *
   * @param kind "deb-src" for sources, "deb" for packages
   * @throws {BuildError} if this is not a Debian machine, or its mirror is unreachable
   */
  static async open(kind: "deb" | "deb-src", suites: readonly string[]): Promise<PrivateApt> {
    const folder = resolve(".cache/apt", kind);
    for (const part of ["lists/partial", "cache/archives/partial", "parts"]) {
      Deno.mkdirSync(`${folder}/${part}`, { recursive: true });
    }
    const signed = fileState(KEYRING) === undefined ? "" : `[signed-by=${KEYRING}] `;
    const mirror = machineMirror();
    Deno.writeTextFileSync(
      `${folder}/sources.list`,
      suites.map((suite) => `${kind} ${signed}${mirror} ${suite} main\n`).join(""),
    );
    writeFile(`${folder}/apt.conf`, settings(folder, kind));
    const apt = new PrivateApt(`${folder}/apt.conf`);
    await apt.#run("apt-get", ["-q", "update", "--error-on=any"]);
    return apt;
  }

  /** Downloads the source tarball with this checksum into `folder`. False when no suite has it. */
  async downloadSource(name: string, sha256: string, folder: string): Promise<boolean> {
    const stanzas = await this.#run("apt-cache", ["showsrc", "--only-source", name]);
    const stanza = stanzas.split("\n\n").find((text) => text.includes(sha256));
    const version = /^Version: (\S+)$/m.exec(stanza ?? "")?.[1];
    if (version === undefined) return false;
    const source = `${name}=${version}`;
    await this.#run("apt-get", ["-q", "source", "--download-only", "--tar-only", source], folder);
    return true;
  }

  /** Downloads binary packages and gives back the paths of the files, in `folder`. */
  async downloadPackages(names: readonly string[], folder: string): Promise<string[]> {
    await this.#run("apt-get", ["-q", "download", ...names], folder);
    return filesUnder(folder, (path) => path.endsWith(".deb"));
  }

  #run(command: string, args: readonly string[], cwd = "."): Promise<string> {
    // Given by `-c` it wins over the machine's configuration.
    return run(command, ["-c", this.#configuration, ...args], { cwd });
  }
}

function settings(folder: string, kind: "deb" | "deb-src"): string {
  const entries = {
    "Dir::Etc::SourceList": `${folder}/sources.list`,
    "Dir::Etc::SourceParts": `${folder}/parts`,
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": `${folder}/parts`,
    "Dir::State::Lists": `${folder}/lists`,
    "Dir::Cache": `${folder}/cache`,
    "APT::Default-Release": "",
    // Its own user could not write here, and warns.
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    // An outdated mirror is good enough for sources: their checksums are pinned.
    ...(kind === "deb-src" ? { "Acquire::Check-Valid-Until": "false" } : {}),
  };
  return Object.entries(entries).map(([name, value]) => `${name} "${value}";\n`).join("");
}

function machineMirror(): string {
  const release = /^VERSION_CODENAME=(\S+)$/m.exec(Deno.readTextFileSync("/etc/os-release"))?.[1];
  const paths = [
    "/etc/apt/sources.list",
    ...filesUnder("/etc/apt/sources.list.d", (path) => /\.(list|sources)$/.test(path)),
  ].filter((path) => fileState(path) !== undefined);
  const mirror = findMirror(paths.map((path) => Deno.readTextFileSync(path)), release ?? "");
  if (mirror === undefined) {
    throw new BuildError("Cannot find a Debian mirror: no apt source here is for this release");
  }
  return mirror;
}
