/** `wasm-bpf new`: creates a directory for a new tool. */
import { dirname, join } from "node:path";
import { readAsset } from "../../ffi/assets.ts";
import { HostError } from "../../ffi/errors.ts";
import { resolveForWriting } from "../../oci/paths/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { print } from "../terminal/output_file.ts";

const OPTIONS = {
  "lang": {
    short: "l",
    argument: "LANGUAGE",
    help: "language of the guest: c (default), rust, go or assemblyscript",
  },
  "help": { short: "h", help: "show this help" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `new`. */
export const PAGE: HelpPage = {
  usage: ["new NAME [--lang LANGUAGE]"],
  about: "Creates a directory for a new tool, which builds and runs at once.",
  arguments: {
    NAME: "the directory, the tool and its module: letters, digits, - and _, such as my-tool",
  },
  options: OPTIONS,
  notes: [
    "It contains the eBPF half in C, the guest, a Makefile, a README with what to install, and " +
    "wasm-bpf's library for the language.",
  ],
};

/** Files by path for each language, as `build/steps/sdk.ts` collects them. */
type SdkFiles = Readonly<Record<string, Readonly<Record<string, string>>>>;

const SDK_FILES = "sdk.bin";

/** One word in all four languages and in make. */
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** Names that Cargo packages or Go modules must not have. */
const RESERVED = new Set(["test", "core", "std", "main", "wasm-bpf", "wasmbpf", "build", "src"]);

/** Creates the directory. */
export function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [name, ...more] = line.rest;
  if (name === undefined) throw new UsageError("No name given");
  if (more.length > 0) throw new UsageError(`Too many arguments: ${more.join(" ")}`);
  if (RESERVED.has(name)) {
    throw new UsageError(
      `Cannot create "${name}": the name is reserved by Cargo, Go or the templates`,
      `choose another name, such as my-${name}`,
    );
  }
  if (!NAME.test(name)) {
    throw new UsageError(
      `Cannot create ${JSON.stringify(name)}: invalid name`,
      "use a lower-case letter, then lower-case letters, digits, - and _, such as my-tool",
    );
  }
  const files = filesFor(line.values.lang ?? "c");
  createFolder(name);
  try {
    for (const [path, text] of Object.entries(files)) write(name, path, text);
  } catch (error) {
    removeFolder(name);
    throw error;
  }
  print(`Created ${name}/. Next: cd ${name}, read README.md, run make`);
  return Promise.resolve(0);
}

function filesFor(language: string): Readonly<Record<string, string>> {
  const sdk = readSdk();
  const files = Object.hasOwn(sdk, language) ? sdk[language] : undefined;
  if (files !== undefined) return files;
  throw new UsageError(
    `Unknown language "${language}"`,
    `pass one of ${Object.keys(sdk).join(", ")}`,
  );
}

function readSdk(): SdkFiles {
  try {
    return JSON.parse(new TextDecoder().decode(readAsset(SDK_FILES)));
  } catch (cause) {
    throw new HostError("Cannot read the templates: missing or damaged", {
      code: "SDK_MISSING",
      hint: "in a source checkout, run ./dev build first",
      cause,
    });
  }
}

function createFolder(path: string): void {
  try {
    // As root, not in a directory of another user, who could exchange it while files are written.
    resolveForWriting(path);
    Deno.mkdirSync(path);
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new HostError(`Cannot create "${path}": it already exists`, {
        code: "EEXIST",
        hint: "choose another name; nothing was changed",
        cause,
      });
    }
    throw unwritable(path, cause);
  }
}

/** Removes an incomplete directory, which would block the next attempt. */
function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // The first error is the one to report.
  }
}

function write(name: string, path: string, text: string): void {
  // The template is not named ".gitignore": git would apply it to this repository.
  const given = path === "gitignore" ? ".gitignore" : path.replaceAll("NAME", name);
  const to = join(name, given);
  try {
    Deno.mkdirSync(dirname(to), { recursive: true });
    Deno.writeTextFileSync(to, text.replaceAll("@NAME@", name), { createNew: true });
  } catch (cause) {
    throw unwritable(to, cause);
  }
}

function unwritable(path: string, cause: unknown): HostError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const text = cause instanceof Error ? cause.message : String(cause);
  return new HostError(`Cannot write "${path}": ${text.replace(/: \w+ '[^]*$/, "")}`, {
    code,
    hint: code === "ENOSPC" ? "free some space; all created files were removed" : undefined,
    cause,
  });
}
