/** Words of the command line that can only be references. */

/**
 * Reports whether a word has a scheme, a registry, a tag or a digest. A file can have such a name,
 * too; `./` in front makes it a file.
 */
export function saysReference(word: string): boolean {
  if (/^(oci|docker|https?):\/\//i.test(word)) return true;
  if (/^[./~]/.test(word)) return false;
  return word.includes("@") || /:[\w.-]+$/.test(word) ||
    /^(localhost|[^/]*[.:][^/]*)\//i.test(word);
}
