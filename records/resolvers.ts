/** Names that the host has for numbers; formats show the number where one is absent. */
import type { EnumType } from "./schema.ts";

/** Lookups that the caller provides. Each returns undefined for what it lacks. */
export interface Resolvers {
  /** Name of a user by its number. */
  user?(uid: number): string | undefined;
  /** Name of a group by its number. */
  group?(gid: number): string | undefined;
  /** Kernel symbol of an address, with its offset: `vfs_read+0x10`. */
  kernelSymbol?(address: bigint): string | undefined;
  /** Symbol of an address of a process. */
  userSymbol?(address: bigint, pid: number | undefined): string | undefined;
  /**
   * Addresses of a stack by its id, innermost first.
   *
   * @param map name of the map that holds it; undefined for the only one
   */
  stack?(id: number, map: string | undefined): readonly bigint[] | undefined;
  /** Names of an enum of the object or the kernel. */
  enumNames?(name: string): EnumType["names"] | undefined;
}
