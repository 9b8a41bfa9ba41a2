/** What commands on the local store have in common. */
import { findInStore, Store, StoreError, storePath } from "../../oci/mod.ts";
import { storedReference } from "../args/reference.ts";

/** The store, which must be there to have what `word` names. */
export function existingStore(word: string): Store {
  const store = Store.openExisting();
  if (store !== undefined) return store;
  throw new StoreError(`Cannot find ${word}: there is no store at ${storePath()} yet`, {
    code: "NOT_IN_STORE",
    hint: "wasm-bpf pull makes it",
  });
}

/** What the store calls what a person calls `word`. */
export function nameInStore(store: Store, word: string): string {
  return findInStore(store.entries(), word, () => storedReference(word));
}
