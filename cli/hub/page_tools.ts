/** Collects the tools of a page. */
import { dirname } from "node:path";
import { BOX, type Catalog, type CatalogTool } from "../../oci/mod.ts";
import { fileFailure, resolveForWriting } from "../../oci/paths/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { boxFile } from "../box/box.ts";
import { toolFacts } from "./facts.ts";
import type { PageTool } from "./html.ts";
import { allOffers, BOX_VERSION } from "./offers.ts";

/**
 * Returns the tools of a catalogue, of a hub, or of all hubs and the box.
 *
 * @throws {CatalogError} `NO_HUB`, `BAD_STATE`
 */
export async function pageTools(source: Catalog | string | undefined): Promise<PageTool[]> {
  if (typeof source === "object") return source.tools.map((tool) => pageTool(source.name, tool));
  const offers = allOffers(source === undefined ? {} : { hub: source });
  return await Promise.all(
    offers.map((offer) => offer.hub === BOX ? boxTool(offer) : pageTool(offer.hub, offer)),
  );
}

function pageTool(
  hub: string,
  { name, summary, keywords, licence, home, versions: [newest, ...older] }: CatalogTool,
): PageTool {
  return {
    hub,
    name,
    summary,
    keywords,
    ...(licence === undefined ? {} : { licence }),
    ...(home === undefined ? {} : { home }),
    version: newest?.version ?? "",
    versions: older.map(({ version }) => version),
    ...(newest === undefined ? {} : {
      reference: newest.reference,
      permissions: newest.permissions,
      kernel: newest.kernels.minimum,
      architectures: newest.architectures,
    }),
  };
}

async function boxTool(
  { name, summary, keywords }: Pick<CatalogTool, "name" | "summary" | "keywords">,
): Promise<PageTool> {
  const about = { hub: BOX, name, summary, keywords, version: BOX_VERSION, versions: [] };
  const bytes = boxFile(name);
  if (bytes === undefined) return about;
  const { levels, kernel } = await toolFacts(bytes, name);
  return { ...about, permissions: levels, kernel };
}

/**
 * Makes the directory of a file, if it does not exist.
 *
 * @throws {HostError} `UNSAFE_PATH` where root must not write, or an errno name
 */
export function makeFolderFor(path: string): void {
  try {
    resolveForWriting(path);
    Deno.mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    const { code, reason } = fileFailure(cause);
    throw new HostError(`Cannot make the directory of "${path}": ${reason}`, { code, cause });
  }
}
