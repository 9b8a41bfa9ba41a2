/** Fetches catalogues of hubs. */
import {
  fetchCatalog,
  type FetchedCatalog,
  type Hub,
  hubKey,
  keepCatalog,
  parseReference,
  PublicKey,
  type Reference,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { openRemote, type RemoteOptions } from "../args/registry_options.ts";
import { formatError, printError } from "../terminal/output.ts";

/**
 * Fetches the catalogue of a hub that is not added yet.
 *
 * @param key its public key in PEM
 */
export async function fetchFrom(
  { reference, key }: { reference: Reference; key: PublicKey | undefined },
  options: RemoteOptions & { signal: AbortSignal },
): Promise<FetchedCatalog> {
  using remote = openRemote(reference, options);
  const { repository } = remote;
  return await fetchCatalog({ repository, reference }, { key, signal: options.signal });
}

/**
 * Fetches the newest catalogue of a hub and keeps it.
 *
 * @throws {CatalogError} `ROLLBACK`, `CHANGED_CATALOG`; then the old one stays
 */
export async function refreshHub(
  hub: Hub,
  options: RemoteOptions & { signal: AbortSignal },
): Promise<Hub> {
  const reference = parseReference(hub.reference);
  const fetched = await fetchFrom({ reference, key: hubKey(hub) }, options);
  options.signal.throwIfAborted();
  return await keepCatalog(hub, fetched);
}

/**
 * Refreshes hubs one after the other, and reports each failure; the others go on.
 *
 * @returns the names of the hubs that failed
 */
export async function refreshHubs(
  hubs: readonly Hub[],
  options: RemoteOptions & { signal: AbortSignal },
): Promise<string[]> {
  const failed: string[] = [];
  for (const hub of hubs) {
    try {
      const { catalog } = await refreshHub(hub, options);
      const isNew = catalog.serial !== hub.catalog.serial;
      options.progress.say(
        `${hub.name}: ${isNew ? "serial" : "unchanged, serial"} ${catalog.serial}`,
      );
    } catch (error) {
      if (!(error instanceof HostError) || options.signal.aborted) throw error;
      failed.push(hub.name);
      printError(formatError(error, { verbose: false }));
    }
  }
  return failed;
}
