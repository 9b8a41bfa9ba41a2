/** Options that all commands with registry access share. */
import {
  type CredentialSource,
  readRegistryName,
  type Reference,
  Registry,
  type Remote,
  storedCredentials,
  withReferencePort,
} from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import { visibleLine } from "../terminal/output.ts";
import type { Progress } from "../terminal/progress.ts";
import { ask } from "../terminal/prompt.ts";
import { formatSeconds } from "../terminal/units.ts";
import type { OptionSpec, PartOfLine } from "./options.ts";

/** Shared options; those without help are aliases for scripts that use wasm-to-oci. */
export const REGISTRY_OPTIONS = {
  "plain-http": { help: "use HTTP without TLS; loopback addresses do not need it" },
  "ca-file": { argument: "FILE", help: "also trust the certificate authorities in FILE" },
  "trust-realm": {
    argument: "HOST",
    repeatable: true,
    help: "also send the password of a registry to its token server on HOST; repeatable",
  },
  "username": { short: "u", argument: "NAME", help: "log in with this name, once" },
  "password": {
    short: "p",
    argument: "PASSWORD",
    help: "log in with this password, once; other users can see it in the list of processes, " +
      "so prefer wasm-bpf login",
  },
  "prompt": { short: "i", help: "ask for name and password" },
  "quiet": { short: "q", help: "hide progress" },
  "use-http": {},
  "insecure": {},
} as const satisfies Record<string, OptionSpec>;

/** Options of a connection to a registry. */
export interface RemoteOptions {
  readonly plainHttp?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly trustedRealms?: readonly string[] | undefined;
  readonly credentials?: CredentialSource | undefined;
  readonly progress: Progress;
}

/** Returns the connection options of a command line. */
export function remoteOptions(
  { flags, values, lists }: PartOfLine<keyof typeof REGISTRY_OPTIONS>,
  progress: Progress,
): RemoteOptions {
  if (flags.has("insecure")) {
    throw new UsageError(
      "Cannot use --insecure: TLS certificates are always verified",
      "pass --ca-file to trust a private authority, or --plain-http to go without TLS",
    );
  }
  return {
    plainHttp: flags.has("plain-http") || flags.has("use-http"),
    caFile: values["ca-file"],
    trustedRealms: lists?.["trust-realm"],
    credentials: givenCredentials(values, flags.has("prompt")),
    progress,
  };
}

/** `wasi/wasm`, or with a variant after it. */
const PLATFORM = /^[^\s/]+\/[^\s/]+(\/[^\s/]+)?$/;

/**
 * Returns the platform of `--platform`.
 *
 * @throws {UsageError} for a value that no index can have
 */
export function platformOf({ platform }: { platform?: string }): string | undefined {
  if (platform === undefined || PLATFORM.test(platform)) return platform;
  throw new UsageError(
    `Cannot use --platform "${platform}": invalid platform`,
    "write OS/ARCHITECTURE, such as wasi/wasm",
  );
}

/** Returns credentials for this command only; prompts for missing parts on first use. */
function givenCredentials(
  given: { username?: string; password?: string },
  prompt: boolean,
): CredentialSource | undefined {
  if (given.username === undefined && given.password === undefined && !prompt) return undefined;
  if (given.username === undefined && !prompt) {
    throw new UsageError("Cannot log in with a password alone", "pass --username NAME, too");
  }
  let credential: Credential | undefined;
  return {
    get: (registry) => {
      const username = given.username ?? credential?.username ??
        ask(`User name for ${registry}`, { hidden: false });
      const password = given.password ?? credential?.password ??
        ask("Password or token", { hidden: true });
      credential = { kind: "password", username, password };
      return Promise.resolve(credential);
    },
  };
}

type Credential = { kind: "password"; username: string; password: string };

/** Prepares a connection to the registry of a reference; sends nothing yet. */
export function openRemote(reference: Reference, options: RemoteOptions): Remote {
  const { plainHttp, caFile, trustedRealms, credentials, progress } = options;
  const registry = new Registry(reference.registry, {
    plainHttp: plainHttp === true || reference.scheme === "http",
    requireTls: reference.scheme === "https",
    caFile,
    trustedRealms,
    credentials: credentials ??
      storedCredentials({ onOdd: (text) => progress.say(visibleLine(`note: ${text}`)) }),
    onRetry: retryNotice(progress),
  });
  return {
    repository: registry.repository(reference.repository),
    [Symbol.dispose]: () => registry.close(),
  };
}

/** Reports a retry. */
export function retryNotice(
  progress: Progress,
): (notice: { error: Error; waitMs: number }) => void {
  return ({ error, waitMs }) => {
    progress.say(`${error.message}; retrying in ${formatSeconds(Math.ceil(waitMs / 1000))}`);
  };
}

/** Registry without an argument, as in docker. */
const DEFAULT = "docker.io";

/**
 * Returns the only argument in the form that references use, without `https://`.
 *
 * @param options.plainHttp use HTTP without TLS
 * @throws {UsageError}
 */
export function registryName(
  words: readonly string[],
  command: string,
  options: { plainHttp?: boolean } = {},
): string {
  const [word = DEFAULT, ...more] = words;
  if (more.length > 0) throw new UsageError(`Too many arguments: ${more.join(" ")}`);
  const name = word.replace(/^https?:\/\//i, "").replace(/\/(v[12]\/?)?$/, "");
  const scheme = options.plainHttp || /^http:/i.test(word) ? "http" : undefined;
  const read = readRegistryName(name, scheme);
  if ("name" in read) return withReferencePort(read.name, options.plainHttp ? "http" : undefined);
  throw new UsageError(
    `Cannot ${command === "login" ? "log in to" : "log out of"} ${JSON.stringify(word)}: ` +
      read.reason,
    read.hint ?? "write a host, with or without a port: ghcr.io, localhost:5000",
  );
}
