/** A build that cannot go on, for a reason that the person before the terminal can do something about. */
export class BuildError extends Error {
  override name = "BuildError";
  /** Remedy, if known. */
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptions & { hint?: string } = {}) {
    super(message, options);
    this.hint = options.hint;
  }
}
