/** Debian's `docker-registry` on a loopback port, for one test. */
import { until } from "./condition.ts";
import { type Certificate, loopbackCertificate, selfSigned } from "./certificates.ts";
import { fromFileUrl } from "./paths.ts";
import type { TokenServer } from "./token_server.ts";

/** Options of a registry. */
export interface RegistryOptions {
  /** Use HTTPS with a certificate of a private authority; see {@linkcode TestRegistry.caFile}. */
  tls?: boolean;
  /** Access: {@linkcode USERS}, or tokens of that server. Default: anonymous. */
  auth?: "htpasswd" | TokenServer;
  /** Return relative addresses for uploads, as the specification allows. */
  relativeUrls?: boolean;
}

/** bcrypt of the passwords of `USERS` in token_server.ts, the only hash that the registry supports. */
const HTPASSWD = `\
tester:$2b$04$4/cSFO/zgiRljWe87h6eduW.tC.IYWC5FyvGOdb9aCIGQt2h3bGPm
reader:$2b$04$WfJLfhfmFi6awWlWBkEdIOOZTOQjvgk5/ACn3aIKr6BRWy06yV.oW
`;

const PROGRAM = fromFileUrl("../../.cache/tools/docker-registry/usr/bin/docker-registry");

/** Starts a process that ends with this one in any case. */
const START = 'exec setpriv --pdeathsig KILL "$1" serve "$2" 2>"$3" >/dev/null';

/** Registry with its own directory; both are removed on disposal. */
export class TestRegistry implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #client: Deno.HttpClient | undefined;
  readonly #tls: boolean;
  #port = 0;

  private constructor(folder: string, tls: boolean) {
    this.#folder = folder;
    this.#tls = tls;
    this.#client = tls
      ? Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(this.caFile)] })
      : undefined;
    this.#child = new Deno.Command("/bin/sh", {
      args: ["-c", START, "sh", PROGRAM, `${folder}/config.yml`, this.#logFile],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", OTEL_TRACES_EXPORTER: "none" },
    }).spawn();
  }

  /** Starts a registry, and waits until it responds. */
  static async start(options: RegistryOptions = {}): Promise<TestRegistry> {
    if (!await isFile(PROGRAM)) throw new Error(`no ${PROGRAM}: ./dev test makes it`);
    const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-registry-" });
    const certificate = options.tls === true ? await makeCertificate(folder) : undefined;
    await Deno.writeTextFile(`${folder}/htpasswd`, HTPASSWD);
    // JSON is YAML.
    const config = configuration(folder, { ...options, certificate });
    await Deno.writeTextFile(`${folder}/config.yml`, JSON.stringify(config));
    const registry = new TestRegistry(folder, options.tls === true);
    try {
      await registry.#ready();
    } catch (error) {
      const log = await registry.log();
      await registry[Symbol.asyncDispose]();
      throw new Error(`Cannot start docker-registry: its log is\n${log}`, { cause: error });
    }
    return registry;
  }

  /** `127.0.0.1:PORT`, as in a reference. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** `http://127.0.0.1:PORT` or the same with `https`. */
  get url(): string {
    return `${this.#tls ? "https" : "http"}://${this.host}`;
  }

  /** PEM file of the authority that signed its certificate; only with `tls`. */
  get caFile(): string {
    return `${this.#folder}/authority.pem`;
  }

  /** Directory of its blobs and manifests. */
  get storage(): string {
    return `${this.#folder}/storage`;
  }

  /** Returns its log: one line per request. */
  async log(): Promise<string> {
    return await Deno.readTextFile(this.#logFile).catch(() => "");
  }

  /** Calls `fetch` for a path such as `/v2/`, and trusts its certificate. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const client = this.#client === undefined ? {} : { client: this.#client };
    return await fetch(new URL(path, this.url), { ...init, ...client });
  }

  get #logFile(): string {
    return `${this.#folder}/log`;
  }

  async #ready(): Promise<void> {
    const ended = { yes: false };
    this.#child.status.then(() => ended.yes = true);
    await until("docker-registry listens", async () => {
      if (ended.yes) throw new Error("docker-registry has ended");
      this.#port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(await this.log())?.[1] ?? 0);
      return this.#port !== 0;
    });
    const response = await this.fetch("/v2/");
    await response.body?.cancel();
  }

  /** Stops it; its directory stays until disposal. */
  async stop(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // Already ended.
    }
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#client?.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

async function makeCertificate(folder: string): Promise<Certificate> {
  return await loopbackCertificate(folder, await selfSigned(folder, "authority"));
}

function configuration(
  folder: string,
  options: RegistryOptions & { certificate: Certificate | undefined },
): Record<string, unknown> {
  const { auth, certificate } = options;
  const tls = certificate === undefined
    ? {}
    : { tls: { certificate: certificate.certificateFile, key: certificate.keyFile } };
  const htpasswd = { htpasswd: { realm: "test", path: `${folder}/htpasswd` } };
  return {
    version: 0.1,
    log: { level: "info", formatter: "text", accesslog: { disabled: false } },
    storage: {
      cache: { blobdescriptor: "inmemory" },
      filesystem: { rootdirectory: `${folder}/storage` },
      delete: { enabled: true },
    },
    http: {
      addr: "127.0.0.1:0",
      secret: "for one test",
      relativeurls: options.relativeUrls ?? false,
      ...tls,
    },
    ...(auth === undefined ? {} : { auth: auth === "htpasswd" ? htpasswd : auth.configuration }),
  };
}
