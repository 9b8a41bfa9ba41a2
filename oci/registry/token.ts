/**
 * Requests access tokens (distribution's token authentication, by GET; OAuth 2, by POST), and merges
 * their scopes ("Resource Scope Grammar").
 */
import type { Credential } from "../credentials/auth_file.ts";
import { readJson } from "../json.ts";
import type { Answer } from "./answer.ts";
import { protocolError } from "./status.ts";

/** Token server of a registry. */
export interface TokenServer {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** Access token. */
export interface AccessToken {
  readonly token: string;
  /** Time of `performance.now()` from which it is not used any more. */
  readonly expiresAt: number;
}

/** Request to a token server. */
export interface TokenRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

const MAX_TOKEN_ANSWER = 1024 ** 2;
/** Default lifetime, and the minimum that the specification allows. */
const DEFAULT_LIFE_S = 60;
const MAX_LIFE_S = 24 * 3600;
const CLIENT_ID = "wasm-bpf";

/** Returns a GET request for a token, anonymous or with user name and password. */
export function getRequest(
  server: TokenServer,
  scopes: readonly string[],
  credential?: Credential,
): TokenRequest {
  const url = new URL(server.realm);
  if (server.service !== undefined) url.searchParams.set("service", server.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers = credential?.kind === "password" ? { authorization: basic(credential) } : {};
  return { method: "GET", url, headers };
}

/** Returns a POST request for a token, with the secrets in its body. */
export function postRequest(
  server: TokenServer,
  scopes: readonly string[],
  credential: Credential & { kind: "password" | "refresh" },
): TokenRequest {
  const form = new URLSearchParams({ client_id: CLIENT_ID, scope: scopes.join(" ") });
  if (server.service !== undefined) form.set("service", server.service);
  if (credential.kind === "refresh") {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credential.token);
  } else {
    form.set("grant_type", "password");
    form.set("username", credential.username);
    form.set("password", credential.password);
  }
  return {
    method: "POST",
    url: server.realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new TextEncoder().encode(form.toString()),
  };
}

/** Returns the value of `Authorization` for a user name and a password (RFC 7617, in UTF-8). */
export function basic(credential: Credential & { kind: "password" }): string {
  const bytes = new TextEncoder().encode(`${credential.username}:${credential.password}`);
  return `Basic ${bytes.toBase64()}`;
}

/**
 * Parses the response of a token server.
 *
 * @throws {RegistryError} `PROTOCOL` when it contains no valid token
 */
export async function readToken(answer: Answer): Promise<AccessToken> {
  const now = performance.now();
  const bytes = await answer.bytes(MAX_TOKEN_ANSWER);
  try {
    const limits = { bytes: MAX_TOKEN_ANSWER, depth: 32, members: 10_000 };
    const json = readJson(bytes, { what: "the token server's response", code: "BAD_JSON", limits });
    const token = json.string("token") || json.string("access_token");
    // The token becomes a header: a line feed in it would add another one.
    if (!token || !/^[\x21-\x7e]+$/.test(token)) {
      throw protocolError(answer, "no valid token in the response");
    }
    return {
      token,
      expiresAt: now + lifeMs(json.has("expires_in") ? json.count("expires_in") : undefined),
    };
  } catch (error) {
    if (error instanceof Error && error.name === "RegistryError") throw error;
    throw protocolError(answer, "invalid response");
  }
}

/** Returns the lifetime less a tenth, so that no token expires in transit. */
function lifeMs(expiresIn: number | undefined): number {
  return Math.min(expiresIn || DEFAULT_LIFE_S, MAX_LIFE_S) * 900;
}

/** Maximum number of scopes; registries request fewer. */
const MAX_SCOPES = 32;
const MAX_SCOPE_LENGTH = 1024;

/** Returns the scope for actions on a repository. */
export function repositoryScope(repository: string, ...actions: string[]): string {
  return `repository:${repository}:${actions.join(",")}`;
}

/** Merges lists of scopes, sorted, with the actions of one resource together. */
export function mergeScopes(...lists: readonly (readonly string[])[]): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of lists.flat()) {
    const colon = scope.lastIndexOf(":");
    if (colon < 0 || scope.length > MAX_SCOPE_LENGTH || actions.size >= MAX_SCOPES) continue;
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, of]) => `${resource}:${[...of].sort().join(",")}`).sort();
}
