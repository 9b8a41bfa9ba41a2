/** Authentication: learns the registry's method from its challenges. */
import type { Credential, CredentialSource } from "../credentials/auth_file.ts";
import { RegistryError, withoutSecrets } from "../errors.ts";
import { type AddressPolicy, nextAddress } from "./address.ts";
import type { Answer } from "./answer.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { maySeeCredentials } from "./realm.ts";
import {
  type AccessToken,
  basic,
  getRequest,
  mergeScopes,
  postRequest,
  type TokenRequest,
  type TokenServer,
} from "./token.ts";
import { protocolError } from "./status.ts";

/** Options of an {@linkcode Authorizer}. */
export interface AuthorizerOptions {
  readonly registry: string;
  readonly policy: AddressPolicy;
  readonly credentials?: CredentialSource | undefined;
  /** Additional hosts that may receive the credentials, from `readRealm()`. */
  readonly trustedRealms?: readonly string[] | undefined;
  /** Sends a request to a token server: follows redirects and throws on refusal. */
  readonly askForToken: (request: TokenRequest, signal?: AbortSignal) => Promise<AccessToken>;
}

/** Purpose of a request. */
export interface Wanted {
  readonly repository?: string | undefined;
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Authentication of one registry: its method, and valid tokens. Nothing is written to disk. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<AccessToken>>();
  /** Undefined until the first challenge: credentials are looked up only when required. */
  #kind: { name: "given" | "basic" } | { name: "bearer"; server: TokenServer } | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** Returns the value of `Authorization`; undefined before the first challenge. */
  async header(wanted: Wanted): Promise<string | undefined> {
    if (this.#kind === undefined) return undefined;
    if (this.#kind.name !== "bearer") return headerOf(await this.#credential(wanted));
    const { token } = await this.#token(this.#kind.server, wanted, mergeScopes(wanted.scopes));
    return `Bearer ${token}`;
  }

  /**
   * Sends the password from now on, although the registry has sent no challenge so far.
   *
   * @returns false after a challenge or without a password; nothing changes then
   */
  async offer(wanted: Wanted): Promise<boolean> {
    const isPassword = (await this.#credential(wanted))?.kind === "password";
    if (this.#kind !== undefined || !isPassword) return false;
    this.#kind = { name: "basic" };
    return true;
  }

  /** Reports whether credentials exist: a token may be anonymous. */
  async knows(wanted: Wanted): Promise<boolean> {
    return await this.#credential(wanted) !== undefined;
  }

  /**
   * Learns from a 401.
   *
   * @param used value of `Authorization` in the request
   * @returns true if a retry may succeed
   * @throws {RegistryError} when the token server refuses, or must not receive the credentials
   */
  async learn(answer: Answer, wanted: Wanted, used: string | undefined): Promise<boolean> {
    const challenges = parseChallenges(answer.headers.get("www-authenticate") ?? "");
    const credential = await this.#credential(wanted);
    if (credential?.kind === "bearer") {
      this.#kind = { name: "given" };
      return used !== headerOf(credential);
    }
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer?.parameters.has("realm")) {
      const server = this.#serverOf(bearer, answer);
      this.#kind = { name: "bearer", server };
      const asked = (bearer.parameters.get("scope") ?? "").split(" ");
      const scopes = mergeScopes(wanted.scopes, asked);
      const fresh = this.#order(server, wanted, scopes);
      this.#tokens.set(keyOf(wanted, mergeScopes(wanted.scopes)), fresh);
      await fresh;
      return true;
    }
    const offersBasic = challenges.some(({ scheme }) => scheme === "basic");
    if (!offersBasic || credential?.kind !== "password") return false;
    this.#kind = { name: "basic" };
    // Repeating a refused password may lock the account.
    return used !== headerOf(credential);
  }

  #credential(wanted: Wanted): Promise<Credential | undefined> {
    const { credentials, registry } = this.#options;
    return credentials?.get(registry, wanted.repository) ?? Promise.resolve(undefined);
  }

  /** Returns the token server of a challenge, if its address is safe. */
  #serverOf(challenge: Challenge, answer: Answer): TokenServer {
    const realm = nextAddress(
      challenge.parameters.get("realm") ?? null,
      answer.url,
      this.#options.policy,
    );
    if (typeof realm === "string") throw protocolError(answer, `its token server: ${realm}`);
    return { realm, service: challenge.parameters.get("service") };
  }

  /** Returns the token for some scopes; concurrent calls share one request. */
  async #token(
    server: TokenServer,
    wanted: Wanted,
    scopes: readonly string[],
  ): Promise<AccessToken> {
    const key = keyOf(wanted, scopes);
    for (;;) {
      const pending = this.#tokens.get(key);
      if (pending !== undefined) {
        const known = await this.#outcome(pending, wanted);
        if (known !== undefined && known.expiresAt > performance.now()) return known;
        // A concurrent call may have replaced the expired token.
        if (this.#tokens.get(key) !== pending && this.#tokens.has(key)) continue;
      }
      const fresh = this.#order(server, wanted, scopes);
      this.#tokens.set(key, fresh);
      return await fresh;
    }
  }

  /** Waits for a shared token request; undefined when the call that started it was aborted. */
  async #outcome(pending: Promise<AccessToken>, wanted: Wanted): Promise<AccessToken | undefined> {
    try {
      return await pending;
    } catch (error) {
      if (error instanceof RegistryError || wanted.signal?.aborted) throw error;
      return undefined;
    }
  }

  async #order(
    server: TokenServer,
    wanted: Wanted,
    scopes: readonly string[],
  ): Promise<AccessToken> {
    try {
      return await this.#ask(server, wanted, scopes);
    } catch (error) {
      // Failures are not cached.
      this.#tokens.delete(keyOf(wanted, mergeScopes(wanted.scopes)));
      throw error;
    }
  }

  async #ask(
    server: TokenServer,
    wanted: Wanted,
    scopes: readonly string[],
  ): Promise<AccessToken> {
    const credential = await this.#credential(wanted);
    const { askForToken, registry, trustedRealms } = this.#options;
    if (credential !== undefined && !maySeeCredentials(server.realm, registry, trustedRealms)) {
      throw untrusted(server.realm, registry);
    }
    if (credential?.kind === "refresh") {
      return await askForToken(postRequest(server, scopes, credential), wanted.signal);
    }
    try {
      return await askForToken(getRequest(server, scopes, credential), wanted.signal);
    } catch (error) {
      const wantsPost = error instanceof RegistryError &&
        (error.status === 404 || error.status === 405);
      if (!wantsPost || credential?.kind !== "password") throw error;
      return await askForToken(postRequest(server, scopes, credential), wanted.signal);
    }
  }
}

/** Error for a token server that must not receive the registry's credentials. */
function untrusted(realm: URL, registry: string): RegistryError {
  const { host } = realm;
  return new RegistryError(
    `Cannot log in to ${registry}: its token server ${withoutSecrets(realm)} is on another host, ` +
      "which does not receive the password",
    {
      code: "UNTRUSTED_REALM",
      hint: `pass --trust-realm ${host} only if you trust ${host} with the password of ${registry}`,
      method: "GET",
      url: realm,
    },
  );
}

/** Returns the header for a credential that is sent to the registry itself. */
function headerOf(credential: Credential | undefined): string | undefined {
  if (credential?.kind === "bearer") return `Bearer ${credential.token}`;
  return credential?.kind === "password" ? basic(credential) : undefined;
}

/** Returns the cache key of a token. Credentials, and so tokens, may differ between repositories. */
function keyOf(wanted: Wanted, scopes: readonly string[]): string {
  return [wanted.repository ?? "", ...scopes].join(" ");
}
