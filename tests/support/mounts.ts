/** Mounts that only one command sees. */

/**
 * The words before a command that give it a mount namespace of its own, in which mounts below `folder`,
 * a mount point, go nowhere else.
 *
 * `unshare --mount` alone makes the root private, which fails in a chroot: its root is not a mount point.
 */
export function privateMounts(folder: string): string[] {
  const script = 'mount --make-rprivate "$0" && exec "$@"';
  return ["unshare", "--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, folder];
}

/** A line of a script in such a namespace: tracefs is mounted where libbpf looks for it. */
export const MOUNT_TRACEFS =
  "[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing";

/** Script that unmounts tracefs everywhere. */
export const UNMOUNT_TRACEFS =
  "while umount -q /sys/kernel/tracing; do :; done; while umount -q -l /sys/kernel/debug; do :; done";

/**
 * The words before a shell script and its arguments that run it where every mount is its own, the root's
 * as well: for what must be mounted over a part of the root itself.
 *
 * In a chroot, too: there a copy of the root becomes a mount point, below one that is private.
 */
export function privateRoot(): string[] {
  const script = `mount --make-rprivate /dev && mount -t tmpfs none /dev/shm &&
    mkdir /dev/shm/root && mount --rbind / /dev/shm/root &&
    exec chroot /dev/shm/root /bin/sh -c 'mount --make-rprivate / && exec /bin/sh -c "$@"' sh "$@"`;
  return ["unshare", "--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, "sh"];
}
