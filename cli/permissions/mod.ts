/** Decides about modules from elsewhere before they run. */
import { HostError } from "../../ffi/errors.ts";
import type { PolicyBound } from "../../oci/mod.ts";
import type { Origin } from "../../oci/stored.ts";
import { permissionsOf } from "../args/permissions.ts";
import type { RunLine } from "../args/run_options.ts";
import { Admission, type Refused } from "./admission.ts";
import { type Asked, readAsked } from "./asked.ts";
import { boundsOf, grantedLevels } from "./bounds.ts";

export type { Admission, Refused } from "./admission.ts";

/** Module from a registry or an address. */
export interface ForeignModule {
  /** Name in messages. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly origin: Origin;
  /** Bounds of policies. */
  readonly bounds?: readonly PolicyBound[];
}

/**
 * Admits a module, or returns why not.
 *
 * @param options.canAsk false returns a refusal in place of a question
 */
export function admit(
  line: RunLine,
  { name, bytes, origin, bounds = [] }: ForeignModule,
  options: { canAsk: boolean },
): Admission | Refused {
  const asked = askedOf(name, origin);
  if (asked !== undefined && "refused" in asked) return asked;
  const admission = new Admission({
    name,
    origin,
    asked,
    permissions: { ...permissionsOf(line), within: boundsOf(bounds) },
    granted: grantedLevels(bounds),
  });
  return admission.admitModule(bytes, options) ?? admission;
}

/** Returns what the manifest asks for; a manifest of another version or another tool is refused. */
function askedOf(name: string, { asked, repository }: Origin): Asked | Refused | undefined {
  if (asked === undefined) return undefined;
  try {
    return readAsked(asked, repository);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { message, hint = "" } = error;
    return { refused: { message: `Cannot run "${name}": ${message}`, hint, detail: "" } };
  }
}
