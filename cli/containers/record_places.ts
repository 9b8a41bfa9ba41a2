/** Fields of records by which the container of their process is found. */
import { type Field, processOf, type Schema } from "../../records/mod.ts";
import type { ContainerIndex, Place } from "./index.ts";

/** Returns the place of the process of a record. */
export type PlaceReader = (v: DataView, at: number) => Place | undefined;

/** Names of ids of control groups, the best first. */
const GROUPS = [/^cgroup_id$/, /(^|\.|_)(cgroup_id|cgroup|cgroupid|cgid)$/];
/** Names of numbers of mount namespaces. */
const NAMESPACES = [/(^|\.|_)(mntns_id|mntnsid|mntns|mnt_ns_id|mount_ns_id|mnt_ns)$/];
/** Number of the parent: a process that is gone was where its parent is, unless it was an engine's. */
const PARENT = [/(^|\.|_)ppid$/];
/** The root group's id: that of all processes where containers have groups of version 1 alone. */
const ROOT_GROUP = 1n;

/**
 * Returns the reader for records of a schema: by control group, mount namespace or process, the first
 * that leads to a place; undefined for records without any of them.
 *
 * @param hasProcesses false where numbers of processes are those of another namespace than ours
 */
export function placeReader(
  { fields }: Schema,
  index: ContainerIndex,
  { hasProcesses }: { hasProcesses: boolean },
): PlaceReader | undefined {
  const group = numberAmong(fields, GROUPS, [8]);
  const namespace = numberAmong(fields, NAMESPACES, [4, 8]);
  const process = hasProcesses ? processOf(fields) : undefined;
  const readers: PlaceReader[] = [];
  if (group !== undefined) {
    readers.push((v, at) => {
      const id = v.getBigUint64(at + group.offset, true);
      return id <= ROOT_GROUP ? undefined : index.ofGroup(id);
    });
  }
  if (namespace !== undefined) {
    const { offset, size } = namespace;
    readers.push((v, at) =>
      index.ofNamespace(
        size === 8 ? v.getBigUint64(at + offset, true) : BigInt(v.getUint32(at + offset, true)),
      )
    );
  }
  if (process !== undefined) {
    readers.push((v, at) => index.ofProcess(v.getInt32(at + process.offset, true)));
    const parent = numberAmong(fields, PARENT, [4]);
    if (parent !== undefined) {
      readers.push((v, at) => index.ofProcess(v.getInt32(at + parent.offset, true)));
    }
  }
  const [first, ...others] = readers;
  if (first === undefined || others.length === 0) return first;
  return (v, at) => {
    let place = first(v, at);
    for (let i = 0; place === undefined && i < others.length; i++) place = others[i]?.(v, at);
    return place;
  };
}

function numberAmong(
  fields: readonly Field[],
  names: readonly RegExp[],
  sizes: readonly number[],
): Field | undefined {
  const numbers = fields.filter(({ type, size, bitSize }) =>
    type.kind === "int" && type.of === undefined && bitSize === undefined && sizes.includes(size)
  );
  for (const name of names) {
    const found = numbers.find((field) => name.test(field.name));
    if (found !== undefined) return found;
  }
  return undefined;
}
