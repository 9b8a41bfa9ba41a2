/** Words of the command line that say themselves that they are references. */

/**
 * Whether a word has a scheme, names a registry, or has a tag or a digest. A file can be called like
 * that as well; with `./` in front it is a file for certain.
 */
export function saysReference(word: string): boolean {
  if (/^(oci|docker|https?):\/\//i.test(word)) return true;
  if (/^[./~]/.test(word)) return false;
  return word.includes("@") || /:[\w.-]+$/.test(word) ||
    /^(localhost|[^/]*[.:][^/]*)\//i.test(word);
}
