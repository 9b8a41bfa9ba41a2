/** Finds out how a registry wants to be asked, and asks like that from then on. */
import type { Credential, CredentialSource } from "../credentials/credential.ts";
import { RegistryError, withoutSecrets } from "../errors.ts";
import { type AddressPolicy, nextAddress } from "./address.ts";
import type { Answer } from "./answer.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { maySeeCredentials } from "./realm.ts";
import { mergeScopes } from "./scope.ts";
import { protocolError } from "./status.ts";
import {
  type AccessToken,
  basic,
  getRequest,
  postRequest,
  type TokenRequest,
  type TokenServer,
} from "./token.ts";

/** What an {@linkcode Authorizer} is given. */
export interface AuthorizerOptions {
  readonly registry: string;
  readonly policy: AddressPolicy;
  readonly credentials?: CredentialSource | undefined;
  /** Further hosts that may see the credentials, by `readRealm()`. */
  readonly trustedRealms?: readonly string[] | undefined;
  /** Asks a token server: follows redirects, and throws for a refusal. */
  readonly askForToken: (request: TokenRequest, signal?: AbortSignal) => Promise<AccessToken>;
}

/** What a request is for. */
export interface Wanted {
  readonly repository?: string | undefined;
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** One registry's authentication: its kind, and tokens for as long as they live. Nothing is written down. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Promise<AccessToken>>();
  /** Undefined until the registry asks: who needs no credentials is not asked for any. */
  #kind: { name: "given" | "basic" } | { name: "bearer"; server: TokenServer } | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The value of `Authorization` as far as it is known by now; undefined before the first challenge. */
  async header(wanted: Wanted): Promise<string | undefined> {
    if (this.#kind === undefined) return undefined;
    if (this.#kind.name !== "bearer") return headerOf(await this.#credential(wanted));
    const { token } = await this.#token(this.#kind.server, wanted, mergeScopes(wanted.scopes));
    return `Bearer ${token}`;
  }

  /**
   * Shows the password from now on, though the registry has not asked for one so far.
   *
   * @returns false where it has, or where there is none: all is as before then
   */
  async offer(wanted: Wanted): Promise<boolean> {
    const isPassword = (await this.#credential(wanted))?.kind === "password";
    if (this.#kind !== undefined || !isPassword) return false;
    this.#kind = { name: "basic" };
    return true;
  }

  /** Whether there are credentials for it: a token may be anybody's. */
  async knows(wanted: Wanted): Promise<boolean> {
    return await this.#credential(wanted) !== undefined;
  }

  /**
   * Learns from a 401.
   *
   * @param used what was sent in `Authorization`
   * @returns whether it is worth while to ask again
   * @throws {RegistryError} when the token server refuses, or when credentials would go astray
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
    // The same password again is one step towards a locked account.
    return used !== headerOf(credential);
  }

  #credential(wanted: Wanted): Promise<Credential | undefined> {
    const { credentials, registry } = this.#options;
    return credentials?.get(registry, wanted.repository) ?? Promise.resolve(undefined);
  }

  /** Tokens come from where the registry says, if that is no way for others to read along. */
  #serverOf(challenge: Challenge, answer: Answer): TokenServer {
    const realm = nextAddress(
      challenge.parameters.get("realm") ?? null,
      answer.url,
      this.#options.policy,
    );
    if (typeof realm === "string") throw protocolError(answer, `its token server: ${realm}`);
    return { realm, service: challenge.parameters.get("service") };
  }

  /** The token for some scopes; those who want the same at the same time share one request. */
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
        // Somebody else may have been faster to find it used up.
        if (this.#tokens.get(key) !== pending && this.#tokens.has(key)) continue;
      }
      const fresh = this.#order(server, wanted, scopes);
      this.#tokens.set(key, fresh);
      return await fresh;
    }
  }

  /** A token that was asked for by somebody, who may have been called off: that is no reason for us. */
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
      // A failure is not worth keeping.
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

/** The credentials of one registry do not go to a host of its choice. */
function untrusted(realm: URL, registry: string): RegistryError {
  const { host } = realm;
  return new RegistryError(
    `Cannot log in to ${registry}: its token server ${withoutSecrets(realm)} is on another host, ` +
      "which is not sent the password",
    {
      code: "UNTRUSTED_REALM",
      hint: `pass --trust-realm ${host} only if ${host} may see the password of ${registry}`,
      method: "GET",
      url: realm,
    },
  );
}

/** A credential that is shown to the registry itself. */
function headerOf(credential: Credential | undefined): string | undefined {
  if (credential?.kind === "bearer") return `Bearer ${credential.token}`;
  return credential?.kind === "password" ? basic(credential) : undefined;
}

/** Credentials may differ from repository to repository, and tokens with them. */
function keyOf(wanted: Wanted, scopes: readonly string[]): string {
  return [wanted.repository ?? "", ...scopes].join(" ");
}
