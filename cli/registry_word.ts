/** Words of the command line that name a registry. */

/**
 * Whether a word says that it is a reference by naming a registry or a scheme. A file can have such a
 * name as well; with `./` in front it is a file for certain.
 */
export function namesRegistry(word: string): boolean {
  if (/^(oci|docker|https?):\/\//i.test(word)) return true;
  return /^(localhost|[^./~][^/]*[.:][^/]*|\[[^/]*\][^/]*)\//i.test(word);
}
