/** A registry, by the OCI distribution specification 1.1. */
import type { CallOptions } from "../content.ts";
import { isRepositoryName } from "../reference.ts";
import { readRegistryName } from "../registry_name.ts";
import { ReferenceSyntaxError } from "../errors.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { Repository } from "./repository.ts";

/** Settings of a {@linkcode Registry}. */
export type RegistryOptions = ConnectionOptions;

/**
 * A registry. It keeps connections and access tokens until it is closed, with `using` or
 * `registry.close()`.
 */
export class Registry implements Disposable {
  /** Its name, as in references. */
  readonly name: string;
  readonly #connection: Connection;

  /**
   * The registry called `name`: a host, with a port or none. Nothing is sent yet.
   *
   * @throws {ReferenceSyntaxError} when that is no host
   */
  constructor(name: string, options: RegistryOptions = {}) {
    const read = readRegistryName(name);
    if (!("name" in read)) throw new ReferenceSyntaxError(name, read.reason, read.hint);
    this.name = read.name;
    this.#connection = new Connection(this.name, options);
  }

  /**
   * One of its repositories.
   *
   * @throws {ReferenceSyntaxError} when that is no repository's name
   */
  repository(name: string): Repository {
    if (!isRepositoryName(name)) throw new ReferenceSyntaxError(name, "it is no repository's name");
    return new Repository(this.#connection, name);
  }

  /**
   * Asks whether it is a registry, and whether it takes the credentials. One that lets anybody in at
   * first is shown a password all the same, which some check and some do not look at.
   *
   * @returns whether it asked for credentials: where not, they may be wrong
   * @throws {RegistryError} `UNAUTHORIZED` when it does not take them
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

  /** Closes its connections; streams that are open fail. */
  close(): void {
    this.#connection[Symbol.dispose]();
  }

  /** The same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
