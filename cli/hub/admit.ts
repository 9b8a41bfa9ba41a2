/** Rules for changes of installed tools: which name, origin and version may replace which. */
import {
  BOX,
  CatalogError,
  compareVersions,
  type InstalledTool,
  type Pin,
  type ToolOrigin,
} from "../../oci/mod.ts";
import type { Admit } from "./commit.ts";

/**
 * Refuses changes that only `upgrade` makes.
 *
 * @param isExplicit true if the user named the version
 * @throws {CatalogError} `INSTALLED`, `CHANGED_VERSION`
 */
export function admitInstall(isExplicit: boolean): Admit {
  return ({ name, pin, origin }, before) => {
    if (before === undefined) return;
    if (!isSameOrigin(origin, before.origin)) {
      throw new CatalogError(
        `Cannot install "${name}": "${before.origin.hub}/${before.origin.tool}" is installed under ` +
          "this name",
        {
          code: "INSTALLED",
          hint: `choose another name with --as NAME, or run wasm-bpf uninstall ${name} first`,
        },
      );
    }
    if (before.reference === pin.reference) return;
    checkVersion(before, pin);
    if (isExplicit || origin.hub === BOX) return;
    throw new CatalogError(`Cannot install "${name}": version ${before.version} is installed`, {
      code: "INSTALLED",
      hint: `run wasm-bpf upgrade ${name}, or name the version: ${name}@${pin.version}`,
    });
  };
}

/**
 * Refuses another digest for a version that was pinned: a version never changes.
 *
 * @throws {CatalogError} `CHANGED_VERSION`
 */
export function checkVersion(before: InstalledTool, pin: Pin): void {
  if (before.origin.hub === BOX || before.reference === pin.reference) return;
  const known = [before, ...before.previous === undefined ? [] : [before.previous]];
  const changed = known.find((one) =>
    compareVersions(one.version, pin.version) === 0 && one.reference !== pin.reference
  );
  if (changed === undefined) return;
  throw new CatalogError(
    `Cannot change "${before.name}": version ${pin.version} is ${pin.reference} now, and was ` +
      changed.reference,
    {
      code: "CHANGED_VERSION",
      hint:
        `ask the publisher; if the change is right, run wasm-bpf uninstall ${before.name} first`,
    },
  );
}

/** Reports whether two origins are the same tool of the same hub with the same key. */
export function isSameOrigin(a: ToolOrigin, b: ToolOrigin): boolean {
  return a.hub === b.hub && a.catalog === b.catalog && a.key === b.key && a.tool === b.tool;
}
