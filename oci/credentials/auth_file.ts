/** Credentials of registries, and readers of the credential files of docker, podman and other tools. */
import { shorten, withoutUserInfo } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { DOCKER_HUB, readRegistryName } from "../registry_name.ts";

/** Credential of a registry. It never appears in errors, logs and addresses of requests. */
export type Credential =
  | {
    /** A user name and a password, or a token in place of a password. */
    readonly kind: "password";
    /** User name. */
    readonly username: string;
    /** Password. */
    readonly password: string;
  }
  | {
    /** `identitytoken`: exchanged for access tokens (OAuth 2 refresh token). */
    readonly kind: "refresh";
    /** Token. */
    readonly token: string;
  }
  | {
    /** `registrytoken`: sent to the registry unchanged. */
    readonly kind: "bearer";
    /** Token. */
    readonly token: string;
  };

/** Source of credentials. */
export interface CredentialSource {
  /** Returns the credential for a repository, or else for its registry. */
  get(registry: string, repository?: string): Promise<Credential | undefined>;
}

/** Valid content of a credential file. */
export interface AuthFile {
  /** Credentials by `host`, `host:port`, or `host/path` for some repositories of a registry. */
  readonly entries: ReadonlyMap<string, Credential>;
  /** Helper for all credentials: the `NAME` of `docker-credential-NAME`. */
  readonly store: string | undefined;
  /** Helpers by registry. */
  readonly helpers: ReadonlyMap<string, string>;
  /** Registries with an invalid helper entry; `*` is every other registry. */
  readonly unclear: ReadonlySet<string>;
  /** Skipped entries with the reasons, one sentence each, without secrets. */
  readonly odd: readonly string[];
}

/** Maximum file size: larger than real files; larger collections need a helper. */
export const MAX_FILE_BYTES = 1024 ** 2;
const LIMITS = { bytes: MAX_FILE_BYTES, depth: 32, members: 50_000 };

/** User name whose password is an identity token. */
const TOKEN_USER = "<token>";

/**
 * Parses a file. Invalid entries are skipped.
 *
 * @param path only for errors
 * @throws {ArtifactError} `BAD_JSON` or `TOO_LARGE`, when the file cannot be parsed
 */
export function parseAuthFile(bytes: Uint8Array, path: string): AuthFile {
  const odd: string[] = [];
  // Docker's own reader uses the last of repeated members.
  const json = readJson(bytes, { what: path, code: "BAD_JSON", limits: LIMITS, canRepeat: true });
  const lenient = <T>(what: string, read: () => T, onOdd = () => {}): T | undefined => {
    try {
      return read();
    } catch {
      onOdd();
      // The reason of the JSON reader could quote a secret in place of a name.
      odd.push(`${what} in ${path} is invalid`);
      return undefined;
    }
  };
  const entries = new Map<string, Credential>();
  const auths = lenient("auths", () => json.object("auths"));
  for (const name of auths?.names() ?? []) {
    const key = entryKey(name);
    const credential = lenient(
      entryName(name),
      () => {
        const entry = auths?.object(name);
        return entry === undefined ? undefined : readEntry(entry);
      },
    );
    if (credential === undefined) continue;
    if (key === undefined) odd.push(`${entryName(name)} in ${path} ${unusableKey(name)}`);
    // Of two spellings of one registry, the one with its port is the more specific.
    else if (!entries.has(key) || /:443(?:\/|$)/.test(name)) entries.set(key, credential);
  }
  const unclear = new Set<string>();
  const isUnclear = (key: string) => () => void unclear.add(key);
  const store = lenient("credsStore", () => json.string("credsStore"), isUnclear("*"));
  const own = lenient("credHelpers", () => json.object("credHelpers"), isUnclear("*"));
  const helpers = new Map<string, string>();
  for (const name of own?.names() ?? []) {
    const key = entryKey(name) ?? name;
    const what = `the helper of ${JSON.stringify(shorten(withoutUserInfo(name)))}`;
    const helper = lenient(what, () => own?.string(name), isUnclear(key));
    // An empty string means no helper, as for docker.
    if (helper) helpers.set(key, helper);
  }
  return { entries, store: store || undefined, helpers, unclear, odd };
}

function entryName(name: string): string {
  return `the entry ${JSON.stringify(shorten(withoutUserInfo(name)))}`;
}

/** Returns the reason why a key is never looked up. */
function unusableKey(name: string): string {
  const host = withoutUserInfo(name).replace(/^https?:\/\//i, "").split("/")[0] ?? "";
  const read = readRegistryName(host, /^http:/i.test(name) ? "http" : undefined);
  if ("name" in read) return "is not a registry";
  return `is not a registry: ${read.reason}${read.hint === undefined ? "" : `, ${read.hint}`}`;
}

/** Place of a registry's credentials, by one file. */
export interface Keeper {
  /** Names of the registry in the file, its own name first. */
  readonly names: readonly string[];
  /** Helper that has the credentials; undefined when the file itself has them. */
  readonly helper: string | undefined;
  /** True if the file's setting is valid. */
  readonly isClear: boolean;
}

/** Returns the place of a registry's credentials, by one file. */
export function keeperOf(
  { helpers, store, unclear }: Pick<AuthFile, "helpers" | "store" | "unclear">,
  registry: string,
): Keeper {
  const names = namesOf(registry);
  const own = names.find((name) => helpers.has(name) || unclear.has(name));
  return {
    names,
    helper: own === undefined ? store : helpers.get(own),
    isClear: !unclear.has(own ?? "*"),
  };
}

/** Reads one entry; undefined for an empty one, which registries with a helper have. */
function readEntry(entry: JsonObject): Credential | undefined {
  const bearer = entry.string("registrytoken");
  if (bearer) return { kind: "bearer", token: printable(bearer) };
  const refresh = entry.string("identitytoken");
  if (refresh) return { kind: "refresh", token: refresh };
  const auth = entry.string("auth");
  if (auth) return splitAuth(auth);
  const [username, password] = [entry.string("username"), entry.string("password")];
  return username && password ? passwordOf(username, password) : undefined;
}

/** Decodes docker's base64 of `name:password`, which may have zeros at its end. */
function splitAuth(auth: string): Credential {
  const text = new TextDecoder("utf-8", { fatal: true })
    .decode(Uint8Array.fromBase64(auth.trim())).replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon < 1) throw new TypeError("no colon");
  return passwordOf(text.slice(0, colon), text.slice(colon + 1));
}

/** Returns the credential for a user name and a password, or an identity token for one special name. */
export function passwordOf(username: string, password: string): Credential {
  if (username === TOKEN_USER) return { kind: "refresh", token: password };
  return { kind: "password", username, password };
}

/** Checks that a token is valid in a header. */
function printable(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError("the token is not valid in a header");
  return token;
}

/**
 * Returns a key of `auths` in normal form: `https://index.docker.io/v1/` is `docker.io`. Undefined when
 * the key is not a registry.
 */
export function entryKey(name: string): string | undefined {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?([^]*)$/i.exec(name) ?? [];
  const [host = "", ...parts] = rest.replace(/\/+$/, "").split("/");
  const read = readRegistryName(host, scheme?.toLowerCase());
  if (!("name" in read)) return undefined;
  const registry = read.name;
  // The path after a scheme is the version of an API, not a repository.
  const isApi = scheme !== undefined || (parts.length === 1 && /^v[12]$/.test(parts[0] ?? ""));
  return isApi ? registry : [registry, ...parts].join("/");
}

/**
 * Returns the names of a registry. For a host without a dot, references include the port (443, or 80 for
 * HTTP), and logins omit it.
 */
export function namesOf(registry: string): string[] {
  const [, host, port] = /^([^.:[\]]+)(?::(443|80))?$/.exec(registry) ?? [];
  if (host === undefined || host === "localhost") return [registry];
  return [registry, port === undefined ? `${host}:443` : host];
}

/** Keys of Docker Hub: that of docker, then that of podman. */
const HUB_KEYS = ["https://index.docker.io/v1/", DOCKER_HUB];

/** Returns the keys of a registry in a file or helper, that of the file's own tool first. */
export function toolKeys(registry: string, { isDockers }: { isDockers: boolean }): string[] {
  if (registry !== DOCKER_HUB) return namesOf(registry);
  return isDockers ? HUB_KEYS : HUB_KEYS.toReversed();
}

/** Returns the keys to look up, most specific first: `a.b/you/tool`, `a.b/you`, `a.b`. */
export function candidateKeys(registry: string, repository: string | undefined): string[] {
  const parts = repository === undefined ? [] : repository.split("/");
  return Array.from(
    { length: parts.length + 1 },
    (_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"),
  );
}
