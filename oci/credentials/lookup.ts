/** Looks credentials up where docker and podman keep them. */
import { canonicalRegistry } from "../registry_name.ts";
import { type AuthFile, candidateKeys, keeperOf, parseAuthFile, toolKeys } from "./auth_file.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import { helperOf } from "./helper.ts";
import {
  type Content,
  type Location,
  locations,
  readLocation,
  type Surroundings,
  surroundings,
} from "./locations.ts";

/** Settings of {@linkcode storedCredentials}. */
export interface StoredOptions {
  /** Told, once each, of files and entries that are left out, and of helpers that fail. */
  readonly onOdd?: ((text: string) => void) | undefined;
  /** In place of this process's. */
  readonly around?: Surroundings | undefined;
  /** How long a helper may take. Milliseconds. */
  readonly helperTimeoutMs?: number | undefined;
}

/**
 * What is kept in `REGISTRY_AUTH_FILE`, docker's `config.json` and podman's `auth.json`, and by the
 * programs that those name; under sudo what the caller keeps, too. Nothing is read before the first
 * question, and nothing twice.
 *
 * A file, an entry or a program that cannot be used is told of and left out: a registry may need none.
 */
export function storedCredentials(options: StoredOptions = {}): CredentialSource {
  return new StoredCredentials(options);
}

interface ReadFile extends AuthFile {
  readonly location: Location;
  readonly content: Content;
}

class StoredCredentials implements CredentialSource {
  readonly #options: StoredOptions;
  readonly #asked = new Map<string, Promise<Credential | undefined>>();
  #files: ReadFile[] | undefined;

  constructor(options: StoredOptions) {
    this.#options = options;
  }

  get(registry: string, repository?: string): Promise<Credential | undefined> {
    const canonical = canonicalRegistry(registry);
    const key = `${canonical}/${repository ?? ""}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const answer = this.#find(canonical, repository);
    this.#asked.set(key, answer);
    return answer;
  }

  async #find(registry: string, repository?: string): Promise<Credential | undefined> {
    for (const file of this.#files ??= this.#readAll()) {
      const { helper, names } = keeperOf(file, registry);
      const kept = helper === undefined ? undefined : await this.#ask(helper, { registry, file });
      if (kept !== undefined) return kept;
      for (const key of names.flatMap((name) => candidateKeys(name, repository))) {
        const entry = file.entries.get(key);
        if (entry !== undefined) return entry;
      }
    }
    return undefined;
  }

  async #ask(
    name: string,
    { registry, file }: { registry: string; file: ReadFile },
  ): Promise<Credential | undefined> {
    try {
      const timeoutMs = this.#options.helperTimeoutMs;
      const helper = helperOf(name, file.content, { path: file.location.path, timeoutMs });
      for (const key of toolKeys(registry, file.location)) {
        const kept = await helper.get(key);
        if (kept !== undefined) return kept;
      }
      return undefined;
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  #readAll(): ReadFile[] {
    const around = this.#options.around ?? surroundings();
    return locations(around).flatMap((location) => {
      try {
        const content = readLocation(location, around);
        if (content === undefined) return [];
        const file = parseAuthFile(content.bytes, location.path);
        for (const text of file.odd) this.#options.onOdd?.(text);
        return [{ ...file, location, content }];
      } catch (error) {
        this.#tell(error);
        return [];
      }
    });
  }

  #tell(error: unknown): void {
    this.#options.onOdd?.(error instanceof Error ? error.message : String(error));
  }
}
