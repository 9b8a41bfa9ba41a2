/** Mounts that only one command sees. */

/**
 * The words before a command that give it a mount namespace of its own, in which mounts below `folder`,
 * a mount point, go nowhere else.
 *
 * `unshare --mount` alone makes the root private, which fails in a chroot: its root is no mount point.
 */
export function privateMounts(folder: string): string[] {
  const script = 'mount --make-rprivate "$0" && exec "$@"';
  return ["unshare", "--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, folder];
}
