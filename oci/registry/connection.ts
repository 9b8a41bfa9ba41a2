/** Requests to one registry: redirects, authentication, retries. */
import type { CredentialSource } from "../credentials/auth_file.ts";
import { Deadline } from "../deadline.ts";
import { RegistryError } from "../errors.ts";
import { isLoopback, registryEndpoint } from "../registry_name.ts";
import { type AddressPolicy, isAllowed, isSameOrigin, nextAddress } from "./address.ts";
import type { Answer } from "./answer.ts";
import { Authorizer } from "./authorizer.ts";
import { opening } from "./failure.ts";
import { readRealm } from "./realm.ts";
import type { Timing } from "./retry.ts";
import { Patience, retrying, type RetryNotice } from "./retrying.ts";
import { protocolError, statusError } from "./status.ts";
import { type AccessToken, readToken } from "./token.ts";
import { type Exchange, Transport } from "./transport.ts";

/** Options of a {@linkcode Connection}. */
export interface ConnectionOptions {
  /** Credentials. Default: anonymous. */
  readonly credentials?: CredentialSource | undefined;
  /** Use HTTP without TLS. Default: only on loopback addresses. */
  readonly plainHttp?: boolean | undefined;
  /** Use TLS on loopback addresses as well, without a probe. */
  readonly requireTls?: boolean | undefined;
  /** Hosts, with optional port, whose token servers may receive the credentials; `--trust-realm`. */
  readonly trustedRealms?: readonly string[] | undefined;
  /** PEM file of certificate authorities to trust in addition to the machine's. Implies TLS. */
  readonly caFile?: string | undefined;
  /** Timeouts; tests use shorter ones. */
  readonly timing?: Partial<Timing> | undefined;
  /** Called before each retry. */
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/** Request to the registry's API. */
export interface ApiRequest extends Omit<Exchange, "url"> {
  /** Path below the registry's root (`/v2/…`), or a full address from the registry. */
  readonly path: string | URL;
  readonly repository?: string | undefined;
  readonly scopes: readonly string[];
  /** Expected statuses; every other one is thrown. */
  readonly expected: readonly number[];
  /** True for a single attempt: the caller retries. */
  readonly once?: boolean;
}

const MAX_REDIRECTS = 10;
/** Maximum number of 401s: for an expired token, then for one with too few scopes. */
const MAX_LESSONS = 2;
/** Timeout of the TLS probe of a loopback registry, in milliseconds. */
const PROBE_MS = 3000;

/** Connection to one registry. Close it after use. */
export class Connection implements Disposable {
  readonly registry: string;
  readonly timing: Timing;
  readonly #options: ConnectionOptions;
  readonly #policy: AddressPolicy;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  #root: Promise<URL> | undefined;

  constructor(registry: string, options: ConnectionOptions) {
    this.registry = registry;
    this.#options = options;
    this.#policy = { plainHttp: options.plainHttp ?? false };
    this.#transport = new Transport(options);
    this.timing = this.#transport.timing;
    this.#authorizer = new Authorizer({
      registry,
      policy: this.#policy,
      credentials: options.credentials,
      trustedRealms: options.trustedRealms?.map(readRealm),
      askForToken: (request, signal) =>
        this.#askForToken({ ...request, signal, what: `log in to ${registry}` }),
    });
  }

  /** Sends a password to a registry without a challenge; false when not needed or without one. */
  async offerPassword(): Promise<boolean> {
    return await this.#authorizer.offer({ scopes: [] });
  }

  /** Returns the backoff for a caller that retries by itself. */
  patience(signal?: AbortSignal): Patience {
    return new Patience({ timing: this.timing, onRetry: this.#options.onRetry, signal });
  }

  /**
   * Sends a request to the registry.
   *
   * @returns a response with an expected status, whose body is still to be read
   * @throws {RegistryError} and the signal's reason
   */
  async request(request: ApiRequest): Promise<Answer> {
    const attempt = async () => {
      using deadline = this.#deadline(request);
      return await this.#attempt({ ...request, signal: deadline?.signal ?? request.signal });
    };
    return await (request.once ? attempt() : this.#retrying(request, attempt));
  }

  async #attempt(request: ApiRequest): Promise<Answer> {
    const { answer, authorization } = await this.#authorized(request);
    if (request.expected.includes(answer.status)) return answer;
    const identified = authorization !== undefined && await this.#authorizer.knows(request);
    throw await statusError(answer, this.registry, { identified });
  }

  /** Returns the deadline of one attempt. Streaming bodies have none, only a minimum rate. */
  #deadline({ what, body, signal }: Exchange | ApiRequest): Deadline | undefined {
    if (body !== undefined && !(body instanceof Uint8Array)) return undefined;
    return new Deadline({ what, ms: this.timing.requestMs, signal });
  }

  /**
   * Sends a request and reads its small response. A cut in the body is retried as well.
   *
   * @param limit maximum bytes of the response
   */
  async read(
    request: ApiRequest,
    limit: number,
  ): Promise<{ answer: Answer; bytes: Uint8Array<ArrayBuffer> }> {
    return await this.#retrying(request, async () => {
      // One deadline for head and body.
      using deadline = this.#deadline(request);
      const answer = await this.#attempt({
        ...request,
        signal: deadline?.signal ?? request.signal,
      });
      return { answer, bytes: await answer.bytes(limit) };
    });
  }

  #retrying<T>({ signal }: Pick<ApiRequest, "signal">, attempt: () => Promise<T>): Promise<T> {
    const { timing } = this;
    const { onRetry } = this.#options;
    return retrying({ timing, totalMs: timing.attemptsMs, signal, onRetry }, attempt);
  }

  /** Sends a request with the known authentication, and learns from a 401 of the registry itself. */
  async #authorized(
    request: ApiRequest,
  ): Promise<{ answer: Answer; authorization: string | undefined }> {
    const root = await (this.#root ??= this.#findRoot(request));
    const url = request.path instanceof URL ? request.path : new URL(request.path, root);
    for (let lessons = 0;; lessons++) {
      // An upload may continue on a host of a third party.
      const isOwn = isSameOrigin(url, root);
      const authorization = isOwn ? await this.#authorizer.header(request) : undefined;
      const headers = {
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answer = await this.#follow({ ...request, url, headers });
      const isQuestion = answer.status === 401 && isSameOrigin(answer.url, root);
      const isNews = isQuestion && lessons < MAX_LESSONS &&
        await this.#authorizer.learn(answer, request, authorization);
      if (!isNews) return { answer, authorization };
      await answer.discard();
    }
  }

  /**
   * Follows redirects; `Authorization` goes to the first host only.
   *
   * @param options.hasSecretBody the body has secrets as well: redirects to other hosts are refused
   */
  async #follow(
    exchange: Exchange,
    options: { hasSecretBody: boolean } = { hasSecretBody: false },
  ): Promise<Answer> {
    let { url, headers } = exchange;
    for (let redirects = 0;; redirects++) {
      const answer = await this.#transport.send({ ...exchange, url, headers: headers ?? {} });
      if (!isRedirect(answer.status, exchange.method)) return answer;
      await answer.discard();
      if (redirects === MAX_REDIRECTS) {
        throw protocolError(answer, `more than ${redirects} redirects`);
      }
      const next = nextAddress(answer.headers.get("location"), url, this.#policy);
      if (typeof next === "string") throw protocolError(answer, `${answer.status}: ${next}`);
      if (!isSameOrigin(next, url)) {
        if (options.hasSecretBody) {
          throw protocolError(
            answer,
            `${answer.status}: refused to send a password to ${next.host}`,
          );
        }
        headers = withoutAuthorization(headers);
      }
      url = next;
    }
  }

  /** Requests a token with one attempt: the request that needs it is retried as a whole. */
  async #askForToken(exchange: Exchange): Promise<AccessToken> {
    const hasSecretBody = exchange.body !== undefined;
    using deadline = this.#deadline(exchange);
    const signal = deadline?.signal ?? exchange.signal;
    const answer = await this.#follow({ ...exchange, signal }, { hasSecretBody });
    if (answer.status === 200) return await readToken(answer);
    throw await statusError(answer, this.registry);
  }

  /** Returns the root of the registry's API. A loopback registry is probed for TLS. */
  async #findRoot(request: ApiRequest): Promise<URL> {
    const host = registryEndpoint(this.registry);
    const [tls, plain] = [new URL(`https://${host}/`), new URL(`http://${host}/`)];
    if (this.#policy.plainHttp) return plain;
    const { caFile, requireTls } = this.#options;
    if (!isLoopback(host) || caFile !== undefined || requireTls) return tls;
    const { what, signal } = request;
    try {
      const url = new URL("/v2/", tls);
      const answer = await this.#transport.send({
        what,
        method: "GET",
        url,
        signal,
        idleMs: PROBE_MS,
      });
      await answer.discard();
      return tls;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === "UNREACHABLE") {
        this.#root = undefined;
        throw error;
      }
      // An untrusted certificate is TLS as well.
      return /certificate/.test(error.message) ? tls : plain;
    }
  }

  /**
   * Returns the address at which an upload continues.
   *
   * @throws {RegistryError} `PROTOCOL` when the address is missing or refused
   */
  nextUpload(answer: Answer): URL {
    const next = nextAddress(answer.headers.get("location"), answer.url, this.#policy);
    if (typeof next === "string") {
      throw protocolError(answer, `the upload cannot continue: ${next}`);
    }
    return next;
  }

  /**
   * Checks that the address of a further page belongs to the registry.
   *
   * @throws {RegistryError} `PROTOCOL`
   */
  ownAddress(url: URL, answer: Answer): URL {
    if (isSameOrigin(url, answer.url) && isAllowed(url, this.#policy)) return url;
    throw protocolError(answer, "the next page is on another host");
  }

  /** Returns an error about a response of the registry. */
  broken(answer: Answer, code: string, reason: string): RegistryError {
    const { status, method, url } = answer;
    return new RegistryError(opening(answer) + reason, { code, method, url, status });
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}

function isRedirect(status: number, method: string): boolean {
  if (status === 307 || status === 308) return true;
  return (method === "GET" || method === "HEAD") && [301, 302, 303].includes(status);
}

function withoutAuthorization(
  headers: Exchange["headers"],
): Readonly<Record<string, string>> {
  const { authorization: _, ...rest } = headers ?? {};
  return rest;
}
