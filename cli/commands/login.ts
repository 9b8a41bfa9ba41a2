/** `wasm-bpf login`: checks a name and a password with a registry, and keeps them. */
import { type Credential, keepCredential, Registry, RegistryError } from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type CommandLine, type OptionSpec, parseCommandLine } from "../args/options.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { ask } from "../terminal/prompt.ts";
import { registryName } from "../args/registry_name.ts";

const OPTIONS = {
  "username": { short: "u", argument: "NAME", help: "the name; without it, a prompt asks" },
  "password-stdin": { help: "read the password, or a token, from standard input" },
  "password": {
    short: "p",
    argument: "PASSWORD",
    help: "the password; other users can see it in the list of processes, so prefer the prompt",
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

/** What a registry hands out as a password is not longer. */
const MAX_PASSWORD_BYTES = 64 * 1024;

type Line = CommandLine<keyof typeof OPTIONS>;

/** Logs in. */
export async function command(args: string[]): Promise<number> {
  const line: Line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const plainHttp = line.flags.has("plain-http");
  const registry = registryName(line.rest, "login", { plainHttp });
  const credential = await readCredential(line, registry);
  const { asked } = await check(registry, credential, line);
  if (!asked) printError(`note: ${registry} did not ask for a password: this one may be wrong`);
  const { path, helper } = await keepCredential(registry, credential);
  const where = helper === undefined ? path : `docker-credential-${helper}`;
  print(visibleLine(`Logged in to ${registry} as ${credential.username}; kept in ${where}`));
  return 0;
}

type Password = Credential & { kind: "password" };

/** What to log in with; what is not given is asked for. */
async function readCredential({ flags, values }: Line, registry: string): Promise<Password> {
  const fromStdin = flags.has("password-stdin");
  if (fromStdin && values.password !== undefined) {
    throw new UsageError("Cannot take the password twice: -p and --password-stdin");
  }
  if (fromStdin && values.username === undefined) {
    throw new UsageError("No name given: --password-stdin goes with --username NAME");
  }
  if (values.password !== undefined) {
    printError("warning: the password is in the list of processes; --password-stdin is safer");
  }
  const username = values.username ??
    ask(`User name for ${registry}`, { hidden: false, instead: INSTEAD });
  if (username === "") throw new UsageError("No name given");
  if (username.includes(":")) {
    throw new UsageError("Cannot use a name with a colon in it");
  }
  const password = values.password ??
    (fromStdin ? await readStdin() : ask("Password or token", { hidden: true, instead: INSTEAD }));
  if (password === "") throw new UsageError("No password given");
  return { kind: "password", username, password };
}

/** What scripts do. */
const INSTEAD = "give both: --username NAME, and the password with --password-stdin";

/** All of standard input, without the line feed at its end. */
async function readStdin(): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    size += chunk.length;
    if (size > MAX_PASSWORD_BYTES) {
      throw new HostError("Cannot use the password on standard input: it is too long", {
        code: "TOO_LARGE",
      });
    }
    chunks.push(chunk);
  }
  return (await new Blob(chunks).text()).replace(/\r?\n$/, "");
}

/** Asks the registry before anything is kept. */
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
    const hint = "check the name and the password; many registries want an access token instead";
    throw new RegistryError(message, { code, method, url, status, hint });
  }
}
