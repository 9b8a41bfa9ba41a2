/** Functions that the commands on the local store share. */
import { findInStore, Store, StoreError, storePath } from "../../oci/mod.ts";
import { storedReference } from "../args/reference.ts";

/** Opens the store, which must exist to contain `word`. */
export function existingStore(word: string): Store {
  const store = Store.openExisting();
  if (store !== undefined) return store;
  throw new StoreError(`Cannot find "${word}": no store at ${storePath()} yet`, {
    code: "NOT_IN_STORE",
    hint: "run wasm-bpf pull REFERENCE, which creates the store",
  });
}

/** Returns the stored name for a word of the command line. */
export function nameInStore(store: Store, word: string): string {
  return findInStore(store.entries(), word, () => storedReference(word));
}
