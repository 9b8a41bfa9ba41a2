/** What all commands that speak to registries understand. */
import {
  type CredentialSource,
  type Reference,
  Registry,
  type Repository,
  storedCredentials,
} from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { OptionSpec, PartOfLine } from "./options.ts";
import { visibleLine } from "../terminal/output.ts";
import type { Progress } from "../terminal/progress.ts";
import { ask } from "../terminal/prompt.ts";
import { formatSeconds } from "../terminal/units.ts";

/** Options of every such command; those without help are what scripts of wasm-to-oci have. */
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

/** How a registry is spoken to. */
export interface RemoteOptions {
  readonly plainHttp?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly trustedRealms?: readonly string[] | undefined;
  readonly credentials?: CredentialSource | undefined;
  readonly progress: Progress;
}

/** What a command line says about that. */
export function remoteOptions(
  { flags, values, lists }: PartOfLine<keyof typeof REGISTRY_OPTIONS>,
  progress: Progress,
): RemoteOptions {
  if (flags.has("insecure")) {
    throw new UsageError(
      "Cannot leave certificates unchecked: --insecure is not supported",
      "--ca-file trusts a private authority, --plain-http goes without TLS",
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

/** As in `wasi/wasm`, or with a variant behind it. */
const PLATFORM = /^[^\s/]+\/[^\s/]+(\/[^\s/]+)?$/;

/**
 * What `--platform` says.
 *
 * @throws {UsageError} for what no index can have
 */
export function platformOf({ platform }: { platform?: string }): string | undefined {
  if (platform === undefined || PLATFORM.test(platform)) return platform;
  throw new UsageError(
    `Cannot use --platform ${platform}: it is no platform`,
    "write it OS/ARCHITECTURE, such as wasi/wasm",
  );
}

/** A name and a password for this one command; what is not given is asked for when it is needed. */
function givenCredentials(
  given: { username?: string; password?: string },
  prompt: boolean,
): CredentialSource | undefined {
  if (given.username === undefined && given.password === undefined && !prompt) return undefined;
  if (given.username === undefined && !prompt) {
    throw new UsageError("Cannot log in with a password alone", "give --username NAME, too");
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

/** A repository, and the connection to its registry. */
export interface Remote extends Disposable {
  readonly repository: Repository;
}

/** Gets ready to speak to the registry of a reference; nothing is sent yet. */
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

/** Says that something is tried again. */
export function retryNotice(
  progress: Progress,
): (notice: { error: Error; waitMs: number }) => void {
  return ({ error, waitMs }) => {
    progress.say(`${error.message}; again in ${formatSeconds(Math.ceil(waitMs / 1000))}`);
  };
}
