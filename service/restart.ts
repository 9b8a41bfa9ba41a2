/** When a run that ended is started again. */

/** Parsed `--restart`. */
export type RestartPolicy =
  | { readonly kind: "no" | "always" }
  /** `limit`: most restarts in a row; absent without a bound. */
  | { readonly kind: "on-failure"; readonly limit?: number };

/** Delay before the first restart; each further one doubles it. */
const FIRST_DELAY_MS = 100;
/** Largest delay: a service that fails for good costs one start a minute. */
const MAX_DELAY_MS = 60_000;
/** A run that lasted this long is taken for working, and the delay starts anew. */
export const STEADY_MS = 10_000;
/** Largest N of `on-failure:N`. */
const MAX_LIMIT = 1_000_000;

/** Reads `no`, `on-failure`, `on-failure:N` or `always`; undefined for anything else. */
export function parseRestart(text: string): RestartPolicy | undefined {
  if (text === "no" || text === "always") return { kind: text };
  const [, digits] = /^on-failure(?::(\d{1,7}))?$/.exec(text) ?? [undefined, null];
  if (digits === null) return undefined;
  if (digits === undefined) return { kind: "on-failure" };
  const limit = Number(digits);
  return limit <= MAX_LIMIT ? { kind: "on-failure", limit } : undefined;
}

/** Writes a policy as {@linkcode parseRestart} reads it. */
export function restartText(policy: RestartPolicy): string {
  return policy.kind === "on-failure" && policy.limit !== undefined
    ? `on-failure:${policy.limit}`
    : policy.kind;
}

/**
 * Returns the milliseconds until the next start; undefined if the run stays ended.
 *
 * @param failures starts in a row that did not last
 */
export function restartDelay(
  policy: RestartPolicy,
  { code, failures }: { code: number; failures: number },
): number | undefined {
  if (policy.kind === "no") return undefined;
  if (policy.kind === "on-failure") {
    if (code === 0 || failures >= (policy.limit ?? Infinity)) return undefined;
  }
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 30), MAX_DELAY_MS);
}
