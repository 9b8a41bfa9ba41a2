/** `fdflags` of the specification. */

/** Each flag. */
export const FdFlag = {
  Append: 1,
  Dsync: 2,
  Nonblock: 4,
  Rsync: 8,
  Sync: 16,
} as const;

/** Every flag. */
export const ALL_FD_FLAGS = 31;
