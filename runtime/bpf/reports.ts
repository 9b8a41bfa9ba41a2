/** What goes wrong in a guest's calls, told once and not without end. */
import { HostError } from "../../ffi/errors.ts";

/** More different errors than a person reads. */
const MAX_REPORTS = 100;

/** What two errors are told apart by. */
const KEY_CHARACTERS = 512;

/** Hands on each error once. A guest can make up as many different ones as it likes. */
export class Reports {
  readonly #seen = new Set<string>();
  readonly #onError: (error: HostError) => void;

  constructor(onError: (error: HostError) => void) {
    this.#onError = onError;
  }

  note(error: HostError): void {
    const key = error.message.slice(0, KEY_CHARACTERS);
    if (this.#seen.has(key) || this.#seen.size > MAX_REPORTS) return;
    this.#seen.add(key);
    this.#onError(this.#seen.size <= MAX_REPORTS ? error : tooMany());
  }
}

function tooMany(): HostError {
  return new HostError(`Cannot show what else goes wrong: ${MAX_REPORTS} different errors`, {
    code: "MORE_ERRORS",
    hint: "the module goes on, and sees the errors of its calls as numbers",
  });
}
