/** Requests to one registry: redirects, authentication, further attempts. */
import type { CredentialSource } from "../credentials/credential.ts";
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

/** Settings of a {@linkcode Connection}. */
export interface ConnectionOptions {
  /** Who asks. Without it, anybody. */
  readonly credentials?: CredentialSource | undefined;
  /** Speak HTTP without TLS. Without being asked, that happens on loopback addresses only. */
  readonly plainHttp?: boolean | undefined;
  /** Speak TLS on loopback addresses, too, instead of finding out. */
  readonly requireTls?: boolean | undefined;
  /** Hosts, with or without a port, whose token servers may see the credentials; `--trust-realm`. */
  readonly trustedRealms?: readonly string[] | undefined;
  /** A PEM file of certificate authorities to trust beside the machine's. It requires TLS as well. */
  readonly caFile?: string | undefined;
  /** How patient to be; tests are less so. */
  readonly timing?: Partial<Timing> | undefined;
  /** Told before a request is tried again. */
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/** A request of the registry's API. */
export interface ApiRequest extends Omit<Exchange, "url"> {
  /** Below the registry's root (`/v2/…`), or whole where the registry gave one. */
  readonly path: string | URL;
  readonly repository?: string | undefined;
  readonly scopes: readonly string[];
  /** Statuses that are answers; every other one is thrown. */
  readonly expected: readonly number[];
  /** False: the caller tries again himself. */
  readonly once?: boolean;
}

const MAX_REDIRECTS = 10;
/** A token that ran out, then one that reaches not far enough. */
const MAX_LESSONS = 2;
/** So long a loopback registry may take to say that it speaks TLS. */
const PROBE_MS = 3000;

/** One registry. Close it. */
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

  /** Shows a password to a registry that has not asked for one; false when there is no need or none. */
  async offerPassword(): Promise<boolean> {
    return await this.#authorizer.offer({ scopes: [] });
  }

  /** Waits between attempts of a caller who tries again himself. */
  patience(signal?: AbortSignal): Patience {
    return new Patience({ timing: this.timing, onRetry: this.#options.onRetry, signal });
  }

  /**
   * Asks the registry.
   *
   * @returns an answer of an expected status, with its body still to be read
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

  /** The clock of one attempt. A body that streams has none: as long as it moves, it may take its time. */
  #deadline({ what, body, signal }: Exchange | ApiRequest): Deadline | undefined {
    if (body !== undefined && !(body instanceof Uint8Array)) return undefined;
    return new Deadline({ what, ms: this.timing.requestMs, signal });
  }

  /**
   * Asks for something small, and reads it: a cut in the middle is tried again like any other.
   *
   * @param limit bytes
   */
  async read(
    request: ApiRequest,
    limit: number,
  ): Promise<{ answer: Answer; bytes: Uint8Array<ArrayBuffer> }> {
    return await this.#retrying(request, async () => {
      // One clock for head and body.
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

  /** A request with what is known about authentication; a 401 of the registry's own is learned from. */
  async #authorized(
    request: ApiRequest,
  ): Promise<{ answer: Answer; authorization: string | undefined }> {
    const root = await (this.#root ??= this.#findRoot(request));
    const url = request.path instanceof URL ? request.path : new URL(request.path, root);
    for (let lessons = 0;; lessons++) {
      // Uploads go on where the registry says, which may be a host of others.
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
   * Follows redirects; what proves who asks goes to the first host only.
   *
   * @param options.hasSecretBody the body proves it, too: then no redirect leads to another host
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
        throw protocolError(answer, `it leads from one address to the next, ${redirects} times`);
      }
      const next = nextAddress(answer.headers.get("location"), url, this.#policy);
      if (typeof next === "string") throw protocolError(answer, `${answer.status}: ${next}`);
      if (!isSameOrigin(next, url)) {
        if (options.hasSecretBody) {
          throw protocolError(
            answer,
            `${answer.status}: a password is not sent on to ${next.host}`,
          );
        }
        headers = withoutAuthorization(headers);
      }
      url = next;
    }
  }

  /** One attempt: the request that the token is for is tried again as a whole. */
  async #askForToken(exchange: Exchange): Promise<AccessToken> {
    const hasSecretBody = exchange.body !== undefined;
    using deadline = this.#deadline(exchange);
    const signal = deadline?.signal ?? exchange.signal;
    const answer = await this.#follow({ ...exchange, signal }, { hasSecretBody });
    if (answer.status === 200) return await readToken(answer);
    throw await statusError(answer, this.registry);
  }

  /** The root of the registry's API. A loopback registry is asked whether it speaks TLS. */
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
      // A certificate that is not trusted is TLS, too.
      return /certificate/.test(error.message) ? tls : plain;
    }
  }

  /**
   * The address that an upload goes on at.
   *
   * @throws {RegistryError} `PROTOCOL` when there is none, or not one to speak to
   */
  nextUpload(answer: Answer): URL {
    const next = nextAddress(answer.headers.get("location"), answer.url, this.#policy);
    if (typeof next === "string") throw protocolError(answer, `the upload cannot go on: ${next}`);
    return next;
  }

  /**
   * A further page's address, which is the registry's own.
   *
   * @throws {RegistryError} `PROTOCOL`
   */
  ownAddress(url: URL, answer: Answer): URL {
    if (isSameOrigin(url, answer.url) && isAllowed(url, this.#policy)) return url;
    throw protocolError(answer, "the next page is somewhere else");
  }

  /** An error about one of the registry's answers. */
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
