/** Decides about modules from elsewhere before they run. */
import type { PolicyBound } from "../../oci/mod.ts";
import type { Origin } from "../../oci/stored.ts";
import { permissionsOf } from "../args/permissions.ts";
import type { RunLine } from "../args/run_options.ts";
import { Admission, type Refused } from "./admission.ts";
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
  const admission = new Admission({
    name,
    origin,
    permissions: { ...permissionsOf(line), within: boundsOf(bounds) },
    granted: grantedLevels(bounds),
  });
  return admission.admitModule(bytes, options) ?? admission;
}
