/** `wasm-bpf login`: verifies a name and a password with a registry, and stores them. */
import { type Credential, keepCredential, Registry, RegistryError } from "../../oci/mod.ts";
import { readAll } from "../../ffi/bytes.ts";
import { HostError } from "../../ffi/errors.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { ask } from "../terminal/prompt.ts";
import { registryName } from "../args/registry_options.ts";

const OPTIONS = {
  "username": { short: "u", argument: "NAME", help: "user name (default: prompt)" },
  "password-stdin": { help: "read the password, or a token, from standard input" },
  "password": {
    short: "p",
    argument: "PASSWORD",
    help: "password; other users can see it in the list of processes, so prefer the prompt",
  },
  "plain-http": { help: "use HTTP without TLS" },
  "ca-file": { argument: "FILE", help: "also trust the certificate authorities in FILE" },
  "trust-realm": {
    argument: "HOST",
    repeatable: true,
    help: "also send the password of a registry to its token server on HOST; repeatable",
  },
  "help": { short: "h", help: "show this help" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `login`. */
export const PAGE: HelpPage = {
  usage: ["login [OPTIONS] [REGISTRY]"],
  about: "Checks a name and a password with a registry, and stores them.",
  arguments: { REGISTRY: "ghcr.io, localhost:5000, ... (default: docker.io)" },
  options: OPTIONS,
  notes: [
    "Credentials are stored where docker stores them, in $DOCKER_CONFIG/config.json or " +
    "~/.docker/config.json, or in $REGISTRY_AUTH_FILE: by the helper that is configured there " +
    "for the registry (credHelpers, credsStore), else in the file itself, which only its owner " +
    "may read.",
  ],
};

/** 64 KiB; tokens of registries are shorter. */
const MAX_PASSWORD_BYTES = 64 * 1024;

type Line = CommandLine<keyof typeof OPTIONS>;

/** Logs in. */
export async function command(args: string[]): Promise<number> {
  const line: Line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const plainHttp = line.flags.has("plain-http");
  const registry = registryName(line.rest, "login", { plainHttp });
  const credential = readCredential(line, registry);
  const { asked } = await check(registry, credential, line);
  if (!asked) printError(`note: ${registry} requested no password: this one was not verified`);
  const { path, helper } = await keepCredential(registry, credential);
  const where = helper === undefined ? path : `docker-credential-${helper}`;
  print(visibleLine(`Logged in to ${registry} as ${credential.username}; stored in ${where}`));
  return 0;
}

type Password = Credential & { kind: "password" };

/** Reads the credentials; prompts for missing parts. */
function readCredential({ flags, values }: Line, registry: string): Password {
  const fromStdin = flags.has("password-stdin");
  if (fromStdin && values.password !== undefined) {
    throw new UsageError("Cannot use both -p and --password-stdin");
  }
  if (fromStdin && values.username === undefined) {
    throw new UsageError("Cannot use --password-stdin: no name given", "pass --username NAME, too");
  }
  if (values.password !== undefined) {
    printError(
      "warning: other users can see the password in the list of processes; use --password-stdin",
    );
  }
  const username = values.username ??
    ask(`User name for ${registry}`, { hidden: false, instead: INSTEAD });
  if (username === "") throw new UsageError("No name given");
  if (username.includes(":")) {
    throw new UsageError(`Cannot use the name "${username}": it contains a colon`);
  }
  const password = values.password ??
    (fromStdin ? readStdin() : ask("Password or token", { hidden: true, instead: INSTEAD }));
  if (password === "") throw new UsageError("No password given");
  return { kind: "password", username, password };
}

/** Hint for scripts. */
const INSTEAD = "pass --username NAME, and the password with --password-stdin";

/** Reads all of standard input, without the line feed at its end. */
function readStdin(): string {
  const bytes = readAll(Deno.stdin, {
    expected: 0,
    maxBytes: MAX_PASSWORD_BYTES,
    tooLarge: () =>
      new HostError("Cannot read the password from standard input: longer than 64 KiB", {
        code: "TOO_LARGE",
      }),
  });
  return new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
}

/** Verifies the credentials with the registry before anything is stored. */
async function check(
  registry: string,
  credential: Password,
  line: Line,
): Promise<{ asked: boolean }> {
  using client = new Registry(registry, {
    credentials: { get: () => Promise.resolve(credential) },
    plainHttp: line.flags.has("plain-http"),
    caFile: line.values["ca-file"],
    trustedRealms: line.lists?.["trust-realm"],
  });
  try {
    return await client.ping();
  } catch (error) {
    if (!(error instanceof RegistryError) || ![401, 403].includes(error.status ?? 0)) throw error;
    const { message, code, method, url, status } = error;
    const hint = "check the name and the password; many registries require an access token instead";
    throw new RegistryError(message, { code, method, url, status, hint });
  }
}
