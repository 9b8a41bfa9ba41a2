/** Catalogues of tools, hubs that publish them, and tools that were installed. */
export {
  CATALOG_TYPE,
  type CatalogPlace,
  fetchCatalog,
  type FetchedCatalog,
  pushCatalog,
} from "./artifact.ts";
export {
  type Catalog,
  CATALOG_FORMS,
  CATALOG_LIMITS,
  type CatalogTool,
  type CatalogVersion,
  formatCatalog,
  isToolName,
  parseCatalog,
  pinnedReference,
  TOOL_KINDS,
  type ToolKind,
} from "./catalog.ts";
export { CatalogError } from "./errors.ts";
export {
  addHub,
  BOX,
  checkNewHub,
  type Hub,
  hubFingerprint,
  hubKey,
  hubNamed,
  keepCatalog,
  type NewHub,
  readHubCatalog,
  readHubs,
  removeHub,
  type SeenCatalog,
} from "./hubs.ts";
export {
  type InstalledTool,
  installedTool,
  InstalledTools,
  type Pin,
  readInstalled,
  readPin,
  toolNamed,
  type ToolOrigin,
} from "./installed.ts";
export { type Searchable, searchTools } from "./search.ts";
export { compareVersions, isVersion, versionOfTag } from "./version.ts";
