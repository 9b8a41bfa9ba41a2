/** Looks up credentials in the files and helpers of docker and podman. */
import { canonicalRegistry } from "../registry_name.ts";
import {
  type AuthFile,
  candidateKeys,
  type Credential,
  type CredentialSource,
  keeperOf,
  parseAuthFile,
  toolKeys,
} from "./auth_file.ts";
import { helperOf } from "./helper.ts";
import {
  type Content,
  type Location,
  locations,
  readLocation,
  type Surroundings,
  surroundings,
} from "./locations.ts";

/** Options of {@linkcode storedCredentials}. */
export interface StoredOptions {
  /** Called once for each skipped file or entry, and for each helper that fails. */
  readonly onOdd?: ((text: string) => void) | undefined;
  /** Inputs in place of those of this process. */
  readonly around?: Surroundings | undefined;
  /** Timeout of a helper, in milliseconds. */
  readonly helperTimeoutMs?: number | undefined;
}

/**
 * Returns the credentials of `REGISTRY_AUTH_FILE`, docker's `config.json`, podman's `auth.json` and the
 * helpers that these name; under sudo also those of the caller. Files are read once, at the first lookup.
 *
 * An unusable file, entry or helper is reported and skipped: a registry may need no credentials.
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
