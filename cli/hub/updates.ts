/** Compares installed tools with the catalogues that hubs showed last. */
import {
  BOX,
  CatalogError,
  type CatalogVersion,
  compareVersions,
  type Hub,
  type InstalledTool,
  readHubs,
} from "../../oci/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { isBoxTool } from "../box/box.ts";
import { type Admit } from "./commit.ts";
import { boxWanted, originOf, type Wanted, wantedOf } from "./install.ts";
import { checkVersion, isSameOrigin } from "./admit.ts";
import { allOffers, defaultVersion, type Offer } from "./offers.ts";

/** Installed tool with its newer version, or with the reason why none can be had. */
export interface Update {
  readonly tool: InstalledTool;
  readonly wanted?: Wanted;
  readonly problem?: HostError;
}

/** Returns the hubs that installed tools came from and that are still there. */
export function hubsOf(tools: readonly InstalledTool[]): Hub[] {
  const names = new Set(tools.map(({ origin }) => origin.hub));
  return readHubs().filter(({ name }) => names.has(name));
}

/** Returns the tools that have a newer version, and those about which something is wrong. */
export function updatesOf(tools: readonly InstalledTool[]): Update[] {
  const offers = new Map<string, Offer[]>();
  return tools.flatMap((tool): Update[] => {
    try {
      const wanted = updateOf(tool, (hub) => {
        const known = offers.get(hub) ?? allOffers({ hub });
        offers.set(hub, known);
        return known;
      });
      return wanted === undefined ? [] : [{ tool, wanted }];
    } catch (problem) {
      if (!(problem instanceof HostError)) throw problem;
      return [{ tool, problem }];
    }
  });
}

function updateOf(tool: InstalledTool, offersOf: (hub: string) => Offer[]): Wanted | undefined {
  const { name, origin } = tool;
  if (origin.hub === BOX) {
    // Its version changes with wasm-bpf itself; the record follows.
    if (!isBoxTool(origin.tool)) return undefined;
    const wanted = boxWanted(origin.tool, name);
    return wanted.pin.reference === tool.reference ? undefined : wanted;
  }
  const offer = offersOf(origin.hub).find((one) => one.name === origin.tool);
  if (offer === undefined) {
    throw new CatalogError(`Cannot upgrade "${name}": the hub "${origin.hub}" no longer has it`, {
      code: "NO_TOOL",
      hint: `the installed version stays; wasm-bpf uninstall ${name} removes it`,
    });
  }
  if (!isSameOrigin(originOf(offer.hub, offer.source, offer.name), origin)) {
    throw new CatalogError(`Cannot upgrade "${name}": another hub is "${origin.hub}" now`, {
      code: "HUB_CHANGED",
      hint: `if that is right, run wasm-bpf uninstall ${name}, then wasm-bpf install ${name}`,
    });
  }
  const newest = newestFor(tool, offer.versions);
  // Also where there is nothing newer: the pinned version itself may have changed.
  for (const { version, reference, kind } of offer.versions) {
    checkVersion(tool, { version, reference, kind });
  }
  return newest && wantedOf(offer, newest, name);
}

function newestFor(
  { version }: InstalledTool,
  versions: readonly CatalogVersion[],
): CatalogVersion | undefined {
  const newer = versions.filter((one) => compareVersions(one.version, version) > 0);
  const isPre = version.includes("-");
  return defaultVersion(isPre ? newer : newer.filter((one) => !one.version.includes("-")));
}

/**
 * Admits only newer versions of what was compared.
 *
 * @throws {CatalogError} `CHANGED_VERSION`, `NOT_INSTALLED`
 */
export function admitUpgrade(compared: InstalledTool): Admit {
  return ({ name, pin, origin }, before) => {
    const isSame = before?.reference === compared.reference && isSameOrigin(before.origin, origin);
    const isNewer = origin.hub === BOX || compareVersions(pin.version, compared.version) > 0;
    if (isSame && isNewer) return;
    throw new CatalogError(`Cannot upgrade "${name}": another command has changed it meanwhile`, {
      code: before === undefined ? "NOT_INSTALLED" : "CHANGED_VERSION",
      hint: "run wasm-bpf upgrade again",
    });
  };
}
