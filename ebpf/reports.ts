/** Reports each error of a guest's calls once, up to a limit. */
import { HostError } from "../ffi/errors.ts";

/** More different errors than a person reads. */
const MAX_REPORTS = 100;

/** Parts of an error that make it another one; texts are a guest's, and as long as it likes. */
const KEY_CHARACTERS = 512;
const KEY_DETAIL_CHARACTERS = 4096;

/** Times that the verifier took, which are others each time. */
const VERIFIER_TIMES = /^verification time .*\n?/gm;

/**
 * Two errors with the same words can have different reasons: programs of one name in two objects that
 * the verifier refused. It gives its reason in its last lines.
 */
function keyOf({ message, hint = "", detail = "" }: HostError): string {
  const end = detail.slice(-KEY_DETAIL_CHARACTERS).replaceAll(VERIFIER_TIMES, "");
  return [message.slice(0, KEY_CHARACTERS), hint.slice(0, KEY_CHARACTERS), end].join("\n");
}

/** Hands on each error once. A guest can make up as many different ones as it likes. */
export class Reports {
  readonly #seen = new Set<string>();
  readonly #onError: (error: HostError) => void;

  constructor(onError: (error: HostError) => void) {
    this.#onError = onError;
  }

  note(error: HostError): void {
    const key = keyOf(error);
    if (this.#seen.has(key) || this.#seen.size > MAX_REPORTS) return;
    this.#seen.add(key);
    this.#onError(this.#seen.size <= MAX_REPORTS ? error : tooMany());
  }
}

function tooMany(): HostError {
  return new HostError(`Cannot show what else goes wrong: ${MAX_REPORTS} different errors`, {
    code: "MORE_ERRORS",
    hint: "the module continues; its calls still return error numbers",
  });
}
