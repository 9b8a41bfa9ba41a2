/** `rights` of the specification, as numbers: all of its bits fit in 30. */

/** Each right, by its name in the specification without `fd_`'s and `path_`'s underscores. */
export const Right = {
  FdDatasync: 1 << 0,
  FdRead: 1 << 1,
  FdSeek: 1 << 2,
  FdFdstatSetFlags: 1 << 3,
  FdSync: 1 << 4,
  FdTell: 1 << 5,
  FdWrite: 1 << 6,
  FdAdvise: 1 << 7,
  FdAllocate: 1 << 8,
  PathCreateDirectory: 1 << 9,
  PathCreateFile: 1 << 10,
  PathLinkSource: 1 << 11,
  PathLinkTarget: 1 << 12,
  PathOpen: 1 << 13,
  FdReaddir: 1 << 14,
  PathReadlink: 1 << 15,
  PathRenameSource: 1 << 16,
  PathRenameTarget: 1 << 17,
  PathFilestatGet: 1 << 18,
  PathFilestatSetSize: 1 << 19,
  PathFilestatSetTimes: 1 << 20,
  FdFilestatGet: 1 << 21,
  FdFilestatSetSize: 1 << 22,
  FdFilestatSetTimes: 1 << 23,
  PathSymlink: 1 << 24,
  PathRemoveDirectory: 1 << 25,
  PathUnlinkFile: 1 << 26,
  PollFdReadwrite: 1 << 27,
  SockShutdown: 1 << 28,
  SockAccept: 1 << 29,
} as const;

/** Every right. */
export const ALL_RIGHTS = (1 << 30) - 1;

/** Rights that apply to directories only. */
export const PATH_RIGHTS = Right.PathCreateDirectory | Right.PathCreateFile |
  Right.PathLinkSource | Right.PathLinkTarget | Right.PathOpen | Right.FdReaddir |
  Right.PathReadlink | Right.PathRenameSource | Right.PathRenameTarget |
  Right.PathFilestatGet | Right.PathFilestatSetSize | Right.PathFilestatSetTimes |
  Right.PathSymlink | Right.PathRemoveDirectory | Right.PathUnlinkFile;

/** Rights that apply to sockets only. */
const SOCKET_ONLY_RIGHTS = Right.SockShutdown | Right.SockAccept;

/** Rights that a directory's own descriptor can have. */
export const DIRECTORY_RIGHTS = PATH_RIGHTS | Right.FdDatasync | Right.FdSync |
  Right.FdFdstatSetFlags | Right.FdFilestatGet | Right.FdFilestatSetTimes;

/** Rights that a file can have. */
export const FILE_RIGHTS = ALL_RIGHTS & ~PATH_RIGHTS & ~SOCKET_ONLY_RIGHTS;

/** Rights that a socket can have. */
export const SOCKET_RIGHTS = Right.FdRead | Right.FdWrite | Right.FdFdstatSetFlags |
  Right.FdFilestatGet | Right.PollFdReadwrite | SOCKET_ONLY_RIGHTS;

/** Rights to change something. */
export const CHANGING_RIGHTS = Right.FdWrite | Right.FdAllocate | Right.FdFilestatSetSize |
  Right.FdFilestatSetTimes | Right.PathCreateDirectory | Right.PathCreateFile |
  Right.PathLinkSource | Right.PathLinkTarget | Right.PathRenameSource |
  Right.PathRenameTarget | Right.PathFilestatSetSize | Right.PathFilestatSetTimes |
  Right.PathSymlink | Right.PathRemoveDirectory | Right.PathUnlinkFile;

/** Whose host descriptor has to be open for writing. */
export const WRITING_RIGHTS = Right.FdWrite | Right.FdAllocate | Right.FdFilestatSetSize;

/** Rights of a standard stream, in addition to reading or writing. */
export const STREAM_RIGHTS = Right.FdFdstatSetFlags | Right.FdFilestatGet |
  Right.FdSeek | Right.FdTell | Right.FdSync | Right.FdDatasync | Right.PollFdReadwrite;

/** Returns the specification's 64 bits as a number, without unknown bits. */
export function rightsOf(bits: bigint): number {
  return Number(BigInt.asUintN(30, bits));
}
