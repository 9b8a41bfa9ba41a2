/** Client of a registry (OCI distribution specification 1.1). */
import type { CallOptions } from "../content.ts";
import { isRepositoryName } from "../reference.ts";
import { readRegistryName } from "../registry_name.ts";
import { ReferenceSyntaxError } from "../errors.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { Repository } from "./repository.ts";

/** Options of a {@linkcode Registry}. */
export type RegistryOptions = ConnectionOptions;

/**
 * Client of a registry. It keeps connections and access tokens until it is closed, with `using` or
 * `registry.close()`.
 */
export class Registry implements Disposable {
  /** Name, as in references. */
  readonly name: string;
  readonly #connection: Connection;

  /**
   * Creates a client for `name`, a host with an optional port. Sends nothing yet.
   *
   * @throws {ReferenceSyntaxError} when `name` is not a host
   */
  constructor(name: string, options: RegistryOptions = {}) {
    const read = readRegistryName(name);
    if (!("name" in read)) throw new ReferenceSyntaxError(name, read.reason, read.hint);
    this.name = read.name;
    this.#connection = new Connection(this.name, options);
  }

  /**
   * Returns a repository of the registry.
   *
   * @throws {ReferenceSyntaxError} when `name` is not a valid repository name
   */
  repository(name: string): Repository {
    if (!isRepositoryName(name)) {
      throw new ReferenceSyntaxError(name, "not a valid repository name");
    }
    return new Repository(this.#connection, name);
  }

  /**
   * Checks that the host is a registry and accepts the credentials. A registry that allows anonymous
   * access receives the password as well, which some check and some ignore.
   *
   * @returns whether it requested credentials: if not, they may be wrong
   * @throws {RegistryError} `UNAUTHORIZED` when it refuses them
   */
  async ping(options: CallOptions = {}): Promise<{ asked: boolean }> {
    await this.#askRoot(options);
    const isOffered = await this.#connection.offerPassword();
    if (isOffered) await this.#askRoot(options);
    return { asked: !isOffered };
  }

  async #askRoot({ signal }: CallOptions): Promise<void> {
    const answer = await this.#connection.request({
      what: `log in to ${this.name}`,
      method: "GET",
      path: "/v2/",
      scopes: [],
      expected: [200],
      signal,
    });
    await answer.discard();
  }

  /** Closes all connections; open streams fail. */
  close(): void {
    this.#connection[Symbol.dispose]();
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
