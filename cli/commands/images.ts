/** `wasm-bpf images`: lists the local store. */
import { describeEntry, type Description, fsck, isListed, Store } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { printError, toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

const OPTIONS = {
  "json": { help: "print JSON, with all details" },
  "quiet": { short: "q", help: "print references only" },
  "check": {
    help: "read and hash every blob, and follow every reference; exit with 1 when something is " +
      "wrong",
  },
} as const satisfies Record<string, OptionSpec>;

/** Help of `images`. */
export const PAGE: HelpPage = {
  usage: ["images [OPTIONS]"],
  about: "Lists the artifacts in the local store.",
  options: OPTIONS,
  notes: [
    "KIND is the format around the module: compat (wasm-to-oci, ecli and wasm-bpf), cncf, artifact " +
    "(any other with a single .wasm layer), image (a container image that contains only a " +
    "module); other cannot be run.",
  ],
};

const DIGEST_DIGITS = 12;

/** Lists the store, or checks it. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) {
    throw new UsageError(
      `Cannot list "${rest[0]}": images takes no argument`,
      "run wasm-bpf inspect REFERENCE to show one artifact",
    );
  }
  const store = Store.openExisting();
  if (flags.has("check")) return await check(store, flags.has("json"));
  const images = store === undefined ? [] : await describeAll(store);
  if (flags.has("json")) print(toJson(images.map(forPrograms), 2));
  else if (flags.has("quiet")) {
    images.forEach(({ reference, digest }) => print(visibleLine(reference ?? digest)));
  } else print(formatTable([HEADER, ...images.map(row)], { right: [2] }));
  return 0;
}

async function describeAll(store: Store): Promise<Description[]> {
  const images: Description[] = [];
  for (const entry of store.entries().filter(isListed)) {
    images.push(await describeEntry(store, entry));
  }
  return images.sort((a, b) => (a.reference ?? "") < (b.reference ?? "") ? -1 : 1);
}

const HEADER = ["REFERENCE", "DIGEST", "SIZE", "CREATED", "KIND"];

function row({ reference, digest, sizeBytes, created, kind }: Description): string[] {
  const hex = digest.slice(digest.indexOf(":") + 1);
  return [
    reference ?? "-",
    hex.slice(0, DIGEST_DIGITS),
    formatBytes(sizeBytes),
    // The hour is precise enough for a table.
    created?.replace(/:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, "").replace("T", " ") ?? "-",
    kind,
  ];
}

/** Removes the manifest, which `inspect` shows. */
function forPrograms({ manifest: _, document: __, ...description }: Description): unknown {
  return description;
}

async function check(store: Store | undefined, json: boolean): Promise<number> {
  const checked = store === undefined
    ? { blobs: 0, bytes: 0, problems: [] }
    : await fsck(store.path);
  const { blobs, bytes, problems } = checked;
  if (json) print(toJson({ blobCount: blobs, sizeBytes: bytes, problems }, 2));
  else {
    problems.forEach((problem) => printError(visibleLine(`problem: ${problem}`)));
    const outcome = problems.length === 0
      ? "no problems found"
      : formatCount(problems.length, "problem");
    print(`${formatCount(blobs, "blob")}, ${formatBytes(bytes)}: ${outcome}`);
    if (problems.length > 0) printError("hint: run wasm-bpf pull REFERENCE to fetch it again");
  }
  return problems.length === 0 ? 0 : 1;
}
