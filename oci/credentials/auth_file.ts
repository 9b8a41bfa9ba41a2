/** Reads the file that docker, podman and others keep credentials in. */
import { shorten, withoutUserInfo } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { DOCKER_HUB, readRegistryName } from "../registry_name.ts";
import type { Credential } from "./credential.ts";

/** A file's content: whatever could be understood of it. */
export interface AuthFile {
  /** By `host`, `host:port`, or `host/path` for some of a registry's repositories. */
  readonly entries: ReadonlyMap<string, Credential>;
  /** The program that keeps all credentials: the `NAME` of `docker-credential-NAME`. */
  readonly store: string | undefined;
  /** Programs that keep those of some registries. */
  readonly helpers: ReadonlyMap<string, string>;
  /** Registries that have a program of their own which is not understood; `*` is every other one. */
  readonly unclear: ReadonlySet<string>;
  /** What was left out, and why: a sentence each, without any secret. */
  readonly odd: readonly string[];
}

/** Larger than anybody's; a helper is for those who have more. */
export const MAX_FILE_BYTES = 1024 ** 2;
const LIMITS = { bytes: MAX_FILE_BYTES, depth: 32, members: 50_000 };

/** What stands behind a user name whose password is an identity token. */
const TOKEN_USER = "<token>";

/**
 * Reads a file. An entry that makes no sense is left out, and the others count.
 *
 * @param path only for errors
 * @throws {ArtifactError} `BAD_JSON` or `TOO_LARGE`, when nothing of it can be read
 */
export function parseAuthFile(bytes: Uint8Array, path: string): AuthFile {
  const odd: string[] = [];
  // Docker's own reader takes the last of two members.
  const json = readJson(bytes, { what: path, code: "BAD_JSON", limits: LIMITS, canRepeat: true });
  const lenient = <T>(what: string, read: () => T, onOdd = () => {}): T | undefined => {
    try {
      return read();
    } catch {
      onOdd();
      // The reason of the JSON reader could quote a secret in the place of a name.
      odd.push(`${what} in ${path} is not understood`);
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
    else if (!entries.has(key)) entries.set(key, credential);
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
    // As for docker, an empty one is none.
    if (helper) helpers.set(key, helper);
  }
  return { entries, store: store || undefined, helpers, unclear, odd };
}

function entryName(name: string): string {
  return `the entry ${JSON.stringify(shorten(withoutUserInfo(name)))}`;
}

/** Returns the reason why no registry is looked up under a key. */
function unusableKey(name: string): string {
  const host = withoutUserInfo(name).replace(/^https?:\/\//i, "").split("/")[0] ?? "";
  const read = readRegistryName(host, /^http:/i.test(name) ? "http" : undefined);
  if ("name" in read) return "names no registry";
  return `names no registry: ${read.reason}${read.hint === undefined ? "" : `, ${read.hint}`}`;
}

/** What a file says of a registry. */
export interface Keeper {
  /** What it may be called there, its own name first. */
  readonly names: readonly string[];
  /** The program that has them; undefined where the file itself does. */
  readonly helper: string | undefined;
  /** Whether that is a setting which was understood. */
  readonly isClear: boolean;
}

/** What a file says about who keeps a registry's credentials. */
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

/** One entry; undefined for an empty one, as there are for registries that a helper knows. */
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

/** Base64 of `name:password`, as docker writes it, at times with zeros at its end. */
function splitAuth(auth: string): Credential {
  const text = new TextDecoder("utf-8", { fatal: true })
    .decode(Uint8Array.fromBase64(auth.trim())).replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon < 1) throw new TypeError("there is no colon");
  return passwordOf(text.slice(0, colon), text.slice(colon + 1));
}

/** A name and its password, which for one name is something else. */
export function passwordOf(username: string, password: string): Credential {
  if (username === TOKEN_USER) return { kind: "refresh", token: password };
  return { kind: "password", username, password };
}

/** A token becomes a header as it is. */
function printable(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError("the token is no header");
  return token;
}

/**
 * A key of `auths` in the one form that is looked up: `https://index.docker.io/v1/` is `docker.io`.
 * Undefined when it names no registry.
 */
export function entryKey(name: string): string | undefined {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?([^]*)$/i.exec(name) ?? [];
  const [host = "", ...parts] = rest.replace(/\/+$/, "").split("/");
  const read = readRegistryName(host, scheme?.toLowerCase());
  if (!("name" in read)) return undefined;
  const registry = read.name;
  // Behind a scheme there is no repository's name, but the version of an API.
  const isApi = scheme !== undefined || (parts.length === 1 && /^v[12]$/.test(parts[0] ?? ""));
  return isApi ? registry : [registry, ...parts].join("/");
}

/**
 * The names that a registry goes by: with a host that has no dot, references say the port (443, or 80
 * for HTTP), and people who log in do not.
 */
export function namesOf(registry: string): string[] {
  const [, host, port] = /^([^.:[\]]+)(?::(443|80))?$/.exec(registry) ?? [];
  if (host === undefined || host === "localhost") return [registry];
  return [registry, port === undefined ? `${host}:443` : host];
}

/** What programs call Docker Hub: docker's own way, and podman's. */
const HUB_KEYS = ["https://index.docker.io/v1/", DOCKER_HUB];

/** The keys that a registry may have in a file or a program, the one that a tool itself uses first. */
export function toolKeys(registry: string, { isDockers }: { isDockers: boolean }): string[] {
  if (registry !== DOCKER_HUB) return namesOf(registry);
  return isDockers ? HUB_KEYS : HUB_KEYS.toReversed();
}

/** Keys that may hold what is wanted, the narrowest first: `a.b/you/tool`, `a.b/you`, `a.b`. */
export function candidateKeys(registry: string, repository: string | undefined): string[] {
  const parts = repository === undefined ? [] : repository.split("/");
  return Array.from(
    { length: parts.length + 1 },
    (_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"),
  );
}
