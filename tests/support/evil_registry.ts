/** An attacker's registry: passes requests on to an honest one, and changes what comes back. */
import type { TestRegistry } from "./registry.ts";

/** Returns another response; undefined passes the honest one on. `path` starts with `/v2/`. */
export type Change = (path: string, honest: Response) => Response | Promise<Response> | undefined;

/** Server in this process. Honest until {@linkcode EvilRegistry.change} is set. */
export class EvilRegistry implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Change of responses. */
  change: Change = () => undefined;
  readonly #end = Promise.withResolvers<Response>();
  /** Response that does not come before the end of the test. */
  readonly never: Promise<Response> = this.#end.promise;
  /** Paths of the requests. */
  readonly asked: string[] = [];

  constructor(honest: TestRegistry) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        this.asked.push(pathname);
        const accept = request.headers.get("accept");
        const response = await honest.fetch(`${pathname}${search}`, {
          method: request.method,
          headers: accept === null ? {} : { accept },
        });
        const changed = await this.change(pathname, response);
        if (changed === undefined) return response;
        await response.body?.cancel();
        return changed;
      },
    );
  }

  /** `127.0.0.1:PORT`, as in a reference. */
  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.resolve(new Response(null, { status: 500 }));
    await this.#server.shutdown();
  }
}
