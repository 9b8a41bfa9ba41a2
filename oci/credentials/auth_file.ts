/** Reads the file that docker, podman and others keep credentials in. */
import { shorten, withoutUserInfo } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { canonicalRegistry, DOCKER_HUB, isRegistryName } from "../reference.ts";
import type { Credential } from "./credential.ts";

/** A file's content: whatever could be understood of it. */
export interface AuthFile {
  /** By `host`, `host:port`, or `host/path` for some of a registry's repositories. */
  readonly entries: ReadonlyMap<string, Credential>;
  /** The program that keeps all credentials: the `NAME` of `docker-credential-NAME`. */
  readonly store: string | undefined;
  /** Programs that keep those of some registries. */
  readonly helpers: ReadonlyMap<string, string>;
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
  const json = readJson(bytes, { what: path, code: "BAD_JSON", limits: LIMITS });
  const lenient = <T>(what: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch {
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
      `the entry ${JSON.stringify(shorten(withoutUserInfo(name)))}`,
      () => {
        const entry = auths?.object(name);
        return entry === undefined ? undefined : readEntry(entry);
      },
    );
    if (key !== undefined && credential !== undefined && !entries.has(key)) {
      entries.set(key, credential);
    }
  }
  const store = lenient("credsStore", () => json.string("credsStore"));
  const helpers = lenient("credHelpers", () => json.texts("credHelpers")) ?? new Map();
  return {
    entries,
    store: store === "" ? undefined : store,
    helpers: new Map([...helpers].map(([name, helper]) => [entryKey(name) ?? name, helper])),
    odd,
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
  if (!isRegistryName(host)) return undefined;
  const registry = canonicalRegistry(host);
  // Behind a scheme there is no repository's name, but the version of an API.
  const isApi = scheme !== undefined || (parts.length === 1 && /^v[12]$/.test(parts[0] ?? ""));
  return isApi ? registry : [registry, ...parts].join("/");
}

/** The key that docker itself uses for a registry. */
export function dockerKey(registry: string): string {
  return registry === DOCKER_HUB ? "https://index.docker.io/v1/" : registry;
}

/** Keys that may hold what is wanted, the narrowest first: `a.b/you/tool`, `a.b/you`, `a.b`. */
export function candidateKeys(registry: string, repository: string | undefined): string[] {
  const parts = repository === undefined ? [] : repository.split("/");
  return Array.from(
    { length: parts.length + 1 },
    (_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"),
  );
}
