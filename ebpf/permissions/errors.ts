/** Error of a word of permissions. */
import { HostError } from "../../ffi/errors.ts";

/** A word of permissions that means nothing. Code: `PERMISSION_WORD`. */
export class PermissionError extends HostError {
  /** Name of the class. */
  override name = "PermissionError";
  /** The word. */
  readonly word: string;
  /** The words that there are. */
  readonly known: readonly string[];

  /** An error about `word`, which is none of `known`. */
  constructor(reason: string, { word, known, hint }: {
    word: string;
    known: readonly string[];
    hint: string;
  }) {
    super(reason, { code: "PERMISSION_WORD", hint });
    this.word = word;
    this.known = known;
  }
}
