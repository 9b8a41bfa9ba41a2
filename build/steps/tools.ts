/**
 * Tool box of the binary: each tool of `tools/box.json`, compiled for both architectures, in one file.
 *
 * A tool is a plain eBPF object, `tools/NAME/NAME.bpf.c`, or a C guest that embeds objects: the value
 * of `guest`, relative to the checkout. The format is described in `cli/box/box.ts`.
 */
import { deflateRawSync } from "node:zlib";
import { basename, dirname, join } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { filesUnder, runStep, writeFile } from "../lib/step.ts";
import { C_OPTIONS } from "../tasks/examples.ts";
import { type Arch, ARCHES, buildCModule, buildObjects, type GuestFolder } from "./guests.ts";

/** The file of all tools. */
export const TOOL_BOX = "dist/lib/tools.bin";

/** Largest size of the file in bytes. */
const MAX_BYTES = 3 * 1024 * 1024;

/** List of the tools. */
export const LIST = "tools/box.json";

/** Tool, as `tools/box.json` has it. */
export interface Listed {
  readonly name: string;
  readonly subject: string;
  readonly summary: string;
  /** C source of a guest; without it, the tool is its eBPF object. */
  readonly guest?: string;
}

/** Builds every tool, and puts them into one file. */
export async function buildTools(): Promise<void> {
  const tools = JSON.parse(await Deno.readTextFile(LIST)) as Listed[];
  checkFolders(tools);
  const files = new Map<string, string>();
  for (const tool of tools) {
    for (const arch of ARCHES) files.set(`${tool.name} ${arch}`, await buildTool(tool, arch));
  }
  await runStep({
    name: "tool box",
    inputs: [
      LIST,
      ...files.values(),
      ...tools.flatMap(({ guest }) => guest === undefined ? [] : [guest]),
      "build/steps/tools.ts",
    ],
    outputs: [TOOL_BOX],
    make: () => Promise.resolve(pack(tools, files)),
  });
}

/** A folder that is not listed would be forgotten. */
function checkFolders(tools: readonly Listed[]): void {
  const listed = new Set(tools.map(({ name }) => name));
  for (const path of filesUnder("tools", (path) => path.endsWith(".bpf.c"))) {
    const name = path.split("/")[1] ?? "";
    if (!listed.has(name)) throw new BuildError(`Cannot build ${path}: ${LIST} has no ${name}`);
  }
}

/** Returns the folder of a tool's sources, and that of its objects for an architecture. */
export function foldersOf(
  { name, guest }: Listed,
  arch: Arch,
): { source: string; path: string; objects: string } {
  const source = guest ?? `tools/${name}/${name}.bpf.c`;
  const path = source.startsWith("examples/") ? dirname(dirname(source)) : dirname(source);
  return { source, path, objects: join(".cache/guests", arch, path) };
}

/** Builds a tool for an architecture; returns the path of its object or module. */
async function buildTool(tool: Listed, arch: Arch): Promise<string> {
  const { name, guest } = tool;
  const { source, path, objects } = foldersOf(tool, arch);
  const isExample = source.startsWith("examples/");
  const folder: GuestFolder = {
    path,
    output: objects,
    objects,
    shared: isExample ? "examples/common" : "tools/common",
    arch,
  };
  const halves = await buildObjects(folder);
  if (guest === undefined) return join(objects, `${name}.bpf.o`);
  const output = join(objects, `${basename(source, ".c")}.wasm`);
  await buildCModule(folder, {
    source,
    objects: halves,
    output,
    options: [...C_OPTIONS, `-DTOOL_NAME="${name}"`],
    shrink: true,
    name: `${source} (${arch})`,
  });
  return output;
}

/** Row of a table of options in `wasm_bpf_tool.h`'s form. */
const OPTION = /\bTOOL_(FLAG|NUMBER|TEXT)\(\s*(?:'(.)'|0),\s*(?:"([^"]+)"|NULL),/g;

/** Reads the options of a C guest: words after its name that are not its own are wasm-bpf's. */
function optionsOf(
  source: string,
): { letter: string; name: string | undefined; takesValue: boolean }[] {
  const rows = [...Deno.readTextFileSync(source).matchAll(OPTION)];
  if (rows.length === 0) throw new BuildError(`Cannot read the options of ${source}`);
  return rows.map(([, kind, letter = "", name]) => ({
    letter,
    name,
    takesValue: kind !== "FLAG",
  }));
}

function pack(tools: readonly Listed[], files: ReadonlyMap<string, string>): string {
  const blobs: Uint8Array[] = [];
  const places = new Map<string, { offset: number; size: number; bytes: number }>();
  let offset = 0;
  const placeOf = (path: string) => {
    const content = Deno.readFileSync(path);
    const key = content.join();
    const known = places.get(key);
    // Objects that do not look at registers are the same for both architectures.
    if (known !== undefined) return known;
    const blob = deflateRawSync(content, { level: 9 });
    const place = { offset, size: blob.length, bytes: content.length };
    blobs.push(blob);
    places.set(key, place);
    offset += blob.length;
    return place;
  };
  const index = tools.map(({ name, subject, summary, guest }) => ({
    name,
    subject,
    summary,
    ...(guest === undefined ? {} : { options: optionsOf(guest) }),
    files: Object.fromEntries(
      ARCHES.map((arch) => [arch, placeOf(files.get(`${name} ${arch}`) ?? "")]),
    ),
  }));
  const head = new TextEncoder().encode(JSON.stringify(index));
  const box = new Uint8Array(4 + head.length + offset);
  new DataView(box.buffer).setUint32(0, head.length, true);
  box.set(head, 4);
  let at = 4 + head.length;
  for (const blob of blobs) {
    box.set(blob, at);
    at += blob.length;
  }
  if (box.length > MAX_BYTES) {
    throw new BuildError(`Cannot build the tool box: ${box.length} bytes, more than ${MAX_BYTES}`);
  }
  writeFile(TOOL_BOX, box);
  return `${tools.length} tools, ${Math.ceil(box.length / 1024)} KiB`;
}
