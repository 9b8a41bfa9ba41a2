/** `filetype` of the specification. */

/** Kinds of files. */
export const FileType = {
  Unknown: 0,
  BlockDevice: 1,
  CharacterDevice: 2,
  Directory: 3,
  RegularFile: 4,
  SocketDatagram: 5,
  SocketStream: 6,
  SymbolicLink: 7,
} as const;

const S_IFMT = 0o170000;

/** By `S_IFMT` bits; a pipe has none of the specification's and is unknown. */
const TYPES = new Map<number, number>([
  [0o060000, FileType.BlockDevice],
  [0o020000, FileType.CharacterDevice],
  [0o040000, FileType.Directory],
  [0o100000, FileType.RegularFile],
  [0o120000, FileType.SymbolicLink],
  [0o140000, FileType.SocketStream],
]);

/** The kind of what has this `st_mode`. */
export function fileTypeOf(mode: number): number {
  return TYPES.get(mode & S_IFMT) ?? FileType.Unknown;
}
