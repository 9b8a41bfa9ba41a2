/** Scopes of access tokens (distribution's token authentication, "Resource Scope Grammar"). */

/** Maximum number of scopes; registries request fewer. */
const MAX_SCOPES = 32;
const MAX_SCOPE_LENGTH = 1024;

/** Returns the scope for actions on a repository. */
export function repositoryScope(repository: string, ...actions: string[]): string {
  return `repository:${repository}:${actions.join(",")}`;
}

/** Merges lists of scopes, sorted, with the actions of one resource together. */
export function mergeScopes(...lists: readonly (readonly string[])[]): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of lists.flat()) {
    const colon = scope.lastIndexOf(":");
    if (colon < 0 || scope.length > MAX_SCOPE_LENGTH || actions.size >= MAX_SCOPES) continue;
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, of]) => `${resource}:${[...of].sort().join(",")}`).sort();
}
