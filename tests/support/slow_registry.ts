/** Registry that serves one artifact slowly. */
import { digestOf, type PackedArtifact, packModule } from "../../oci/mod.ts";

/** Options of a slow registry. */
export interface SlowOptions {
  /** Bytes of the module that are sent at once; the rest follows after {@linkcode SlowRegistry.go}. */
  first: number;
}

/** Serves `you/tool:v1` on a loopback port. */
export class SlowRegistry implements AsyncDisposable {
  readonly artifact: PackedArtifact;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #go = Promise.withResolvers<void>();
  readonly #asked = Promise.withResolvers<void>();

  constructor(module: Uint8Array<ArrayBuffer>, options: SlowOptions) {
    const layer = { digest: digestOf(module), size: module.length };
    const pack = { format: "compat", title: "tool.wasm", created: new Date(0) } as const;
    this.artifact = packModule(layer, pack);
    const serve = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(serve, (request) => this.#answer(request, module, options.first));
  }

  /** Reference of the artifact. */
  get reference(): string {
    return `127.0.0.1:${this.#server.addr.port}/you/tool:v1`;
  }

  /** Resolves when the first bytes of the module are sent. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Sends the rest. */
  go(): void {
    this.#go.resolve();
  }

  #answer(request: Request, module: Uint8Array<ArrayBuffer>, first: number): Response {
    const { pathname } = new URL(request.url);
    const { config, layer, manifest } = this.artifact;
    if (pathname.includes("/manifests/")) {
      return new Response(manifest.bytes, {
        headers: {
          "content-type": manifest.descriptor.mediaType,
          "docker-content-digest": manifest.descriptor.digest,
        },
      });
    }
    if (pathname.endsWith(config.descriptor.digest)) return new Response(config.bytes);
    if (!pathname.endsWith(layer.digest)) return new Response(null, { status: 404 });
    this.#asked.resolve();
    const go = this.#go.promise;
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(module.subarray(0, first));
        await go;
        controller.enqueue(module.subarray(first));
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-length": String(module.length) } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.go();
    await this.#server.shutdown();
  }
}
