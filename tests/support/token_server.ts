/**
 * Token server: issues JWTs that a registry trusts.
 *
 * After distribution's "Token Authentication Specification" (GET) and its OAuth2 form (POST).
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from "node:crypto";
import { loopbackCertificate, selfSigned } from "./certificates.ts";

/** Request for a token. */
export interface TokenRequest {
  readonly method: "GET" | "POST";
  /** User; undefined for an anonymous request. */
  readonly user: string | undefined;
  readonly service: string | null;
  /** Requested scopes: `type:name:actions`. */
  readonly scopes: readonly string[];
  /** Of the OAuth2 form: `password` or `refresh_token`. */
  readonly grant: string | null;
  readonly status: number;
}

/** Permissions and lifetimes. */
export interface TokenServerOptions {
  /** Passwords by user. Default: {@linkcode USERS}. */
  users?: Readonly<Record<string, string>>;
  /** Actions a user (undefined: anonymous) may do in a repository. By default see {@linkcode mayDo}. */
  allow?: (user: string | undefined, repository: string) => readonly string[];
  /** Lifetime of a token in seconds, also for the registry. Default: 300. */
  lifetimeSeconds?: number;
  /** Omit `expires_in` from the response, which then means 60 seconds. */
  omitExpiry?: boolean;
  /** Use HTTPS with a certificate of a private authority; see {@linkcode TokenServer.caFile}. */
  tls?: boolean;
  /** Return 404 for POST, as servers with only the older protocol do. */
  withoutOauth?: boolean;
}

/** Users of the registry's htpasswd file and of the token server. */
export const USERS: Readonly<Record<string, string>> = {
  tester: "correct horse",
  reader: "battery staple",
};

/** Time after expiry during which the registry still accepts a token. */
const LEEWAY_SECONDS = 60;

const SERVICE = "registry.test";
const ISSUER = "token-server.test";

/** Default permissions: everything for `tester`, pull for `reader`, anonymous pull below `public/`. */
function mayDo(user: string | undefined, repository: string): readonly string[] {
  if (user === "tester") return ["pull", "push", "delete", "*"];
  return user !== undefined || repository.startsWith("public/") ? ["pull"] : [];
}

interface Access {
  type: string;
  name: string;
  actions: string[];
}

/** Token server on a loopback port; removed with its files on disposal. */
export class TokenServer implements AsyncDisposable {
  /** Received requests, in order. */
  readonly requests: TokenRequest[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #folder: string;
  readonly #key: KeyObject;
  readonly #certificate: string;
  readonly #options: TokenServerOptions;
  readonly #refreshTokens = new Map<string, string>();

  private constructor(folder: string, options: TokenServerOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#key = createPrivateKey(Deno.readTextFileSync(`${folder}/token.key`));
    this.#certificate = Deno.readTextFileSync(this.rootCertificateFile);
    const address = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const tls = options.tls === true
      ? {
        key: Deno.readTextFileSync(`${folder}/loopback.key`),
        cert: Deno.readTextFileSync(`${folder}/loopback.pem`),
      }
      : {};
    this.#server = Deno.serve({ ...address, ...tls }, (request) => this.#answer(request));
  }

  static async start(options: TokenServerOptions = {}): Promise<TokenServer> {
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-tokens-" });
    await selfSigned(folder, "token");
    if (options.tls === true) {
      await loopbackCertificate(folder, await selfSigned(folder, "authority"));
    }
    return new TokenServer(folder, options);
  }

  /** Address of the token service. */
  get realm(): string {
    const scheme = this.#options.tls === true ? "https" : "http";
    return `${scheme}://127.0.0.1:${this.#server.addr.port}/token`;
  }

  /** PEM file of the authority that signed its certificate; only with `tls`. */
  get caFile(): string {
    return `${this.#folder}/authority.pem`;
  }

  /** Files that a registry needs to trust this server. */
  get rootCertificateFile(): string {
    return `${this.#folder}/token.pem`;
  }

  /** The `auth` section of a registry's configuration. */
  get configuration(): Record<string, unknown> {
    const rootcertbundle = this.rootCertificateFile;
    return { token: { realm: this.realm, service: SERVICE, issuer: ISSUER, rootcertbundle } };
  }

  /** Revokes all refresh tokens. */
  revokeRefreshTokens(): void {
    this.#refreshTokens.clear();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const isPost = request.method === "POST";
    if (pathname !== "/token" || (isPost && this.#options.withoutOauth === true)) {
      await request.body?.cancel();
      return new Response("not found\n", { status: 404 });
    }
    const fields = isPost ? new URLSearchParams(await request.text()) : searchParams;
    const grant = isPost ? fields.get("grant_type") : null;
    const user = isPost ? this.#oauthUser(fields) : this.#basicUser(request.headers);
    const service = fields.get("service");
    const scopes = fields.getAll("scope").flatMap((one) => one.split(" ")).filter(Boolean);
    const status = user === "wrong" ? 401 : service !== SERVICE ? 400 : 200;
    const name = user === "wrong" ? undefined : user?.name;
    const method = isPost ? "POST" : "GET";
    this.requests.push({ method, user: name, service, scopes, grant, status });
    if (status !== 200) {
      const errors = [{ code: "UNAUTHORIZED", message: "not these credentials" }];
      return Response.json({ errors }, { status });
    }
    const offline = fields.get("offline_token") === "true" ||
      fields.get("access_type") === "offline" || grant === "refresh_token";
    return Response.json(this.#grant(name, { scopes, offline }));
  }

  #basicUser(headers: Headers): { name: string } | "wrong" | undefined {
    const header = headers.get("authorization");
    if (header === null) return undefined;
    const encoded = /^Basic (\S+)$/i.exec(header)?.[1] ?? "";
    const [name = "", ...rest] = Buffer.from(encoded, "base64").toString().split(":");
    return this.#check(name, rest.join(":"));
  }

  #oauthUser(fields: URLSearchParams): { name: string } | "wrong" | undefined {
    if (!fields.get("client_id")) return "wrong";
    if (fields.get("grant_type") === "refresh_token") {
      const name = this.#refreshTokens.get(fields.get("refresh_token") ?? "");
      return name === undefined ? "wrong" : { name };
    }
    if (fields.get("grant_type") !== "password") return "wrong";
    return this.#check(fields.get("username") ?? "", fields.get("password") ?? "");
  }

  #check(name: string, password: string): { name: string } | "wrong" {
    const users = this.#options.users ?? USERS;
    return Object.hasOwn(users, name) && users[name] === password ? { name } : "wrong";
  }

  #grant(
    user: string | undefined,
    asked: { scopes: readonly string[]; offline: boolean },
  ): Record<string, unknown> {
    const lifetime = this.#options.lifetimeSeconds ?? 300;
    const access = asked.scopes.map((scope) => this.#access(user, scope));
    const token = this.#token(user ?? "", { access, lifetime });
    const expiry = this.#options.omitExpiry === true ? {} : { expires_in: lifetime };
    const scope = access.map(({ type, name, actions }) => `${type}:${name}:${actions}`).join(" ");
    const issued = { "issued_at": new Date().toISOString() };
    if (user === undefined || !asked.offline) {
      return { token, access_token: token, scope, ...expiry, ...issued };
    }
    const refresh = randomUUID();
    this.#refreshTokens.set(refresh, user);
    return { token, access_token: token, scope, refresh_token: refresh, ...expiry, ...issued };
  }

  /** Returns the allowed part of one scope. */
  #access(user: string | undefined, scope: string): Access {
    const parts = scope.split(":");
    const [type = "", name] = [parts[0], parts.slice(1, -1).join(":")];
    const allowed = (this.#options.allow ?? mayDo)(user, name);
    const actions = (parts.at(-1) ?? "").split(",").filter((action) => allowed.includes(action));
    return { type, name, actions };
  }

  #token(subject: string, options: { access: Access[]; lifetime: number }): string {
    const now = Math.floor(Date.now() / 1000);
    const certificate = new X509Certificate(this.#certificate).raw.toString("base64");
    const header = { typ: "JWT", alg: "ES256", x5c: [certificate] };
    const claims = {
      ...{ iss: ISSUER, sub: subject, aud: SERVICE, jti: randomUUID() },
      ...{ iat: now, nbf: now - LEEWAY_SECONDS, exp: now + options.lifetime - LEEWAY_SECONDS },
      access: options.access,
    };
    const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const signed = `${encode(header)}.${encode(claims)}`;
    const key = { key: this.#key, dsaEncoding: "ieee-p1363" } as const;
    return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
