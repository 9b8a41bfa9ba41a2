/** Structs of Inspektor Gadget's headers that are one value for people: endpoints, and stacks of processes. */
import type { BtfType } from "../ebpf/btf/mod.ts";
import type { Format } from "./format.ts";
import type { EnumType, Field, FieldType } from "./schema.ts";

/** Place of a struct or member within a record. */
export interface Place {
  readonly path: readonly string[];
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Bytes from there that the enclosing type has. */
  readonly limit: number;
  readonly hidden: boolean;
  /** True for what JSON alone has. */
  readonly isJson?: boolean;
  /** True for what tables alone have. */
  readonly isTable?: boolean;
}

/** One field that a struct becomes. */
export interface GadgetField {
  readonly name: string;
  /** Names between the place of the struct and the field. */
  readonly path: readonly string[];
  readonly place: {
    readonly offset: number;
    readonly size: number;
    readonly hidden?: boolean;
    readonly isJson?: boolean;
    readonly isTable?: boolean;
  };
  readonly type: FieldType;
  readonly format: Format;
  readonly family?: Field["family"];
  readonly port?: Field["port"];
}

/** Names of IP protocols. */
const PROTOCOLS: EnumType["names"] = [
  { name: "ICMP", value: 1n },
  { name: "TCP", value: 6n },
  { name: "UDP", value: 17n },
  { name: "ICMPV6", value: 58n },
  { name: "SCTP", value: 132n },
];

/** Place of a member of the struct. */
type Spot = { readonly offset: number; readonly size: number };

/** Returns the place of a member with a number of bytes; undefined without it. */
type Find = (name: string, size: number) => Spot | undefined;

/**
 * Returns the fields of a struct that is one value for people, with its members for JSON; undefined for
 * another struct. Its layout is not trusted.
 */
export function gadgetFields(
  name: string,
  type: Extract<BtfType, { kind: "struct" | "union" }>,
  { offset, limit }: Pick<Place, "offset" | "limit">,
): GadgetField[] | undefined {
  const find: Find = (member, size) => {
    const found = type.members.find((each) => each.name === member && each.bits === 0);
    if (found === undefined || found.bitOffset / 8 + size > limit) return undefined;
    return { offset: offset + Math.floor(found.bitOffset / 8), size };
  };
  if (/^gadget_l[34]endpoint_t$/.test(type.name)) return endpointFields(name, find);
  return type.name === "gadget_user_stack" ? stackFields(name, find) : undefined;
}

function endpointFields(name: string, find: Find): GadgetField[] | undefined {
  const address = find("addr_raw", 16);
  const family = find("version", 1);
  if (address === undefined || family === undefined) return undefined;
  const [port, protocol] = [find("port", 2), find("proto_raw", 2)];
  const type: FieldType = { kind: "bytes", length: 16, signed: false };
  const number = (label: string, spot: Spot | undefined): GadgetField[] =>
    spot === undefined ? [] : [{
      name: label,
      path: [name],
      place: { ...spot, isJson: true },
      type: { kind: "int", bytes: spot.size as 1 | 2, signed: false },
      format: { name: "dec" },
    }];
  const named = number("proto", protocol).map((field): GadgetField => ({
    ...field,
    type: { kind: "enum", bytes: 2, signed: false, names: PROTOCOLS },
    format: { name: "enum" },
  }));
  return [
    {
      ...{ name, path: [], place: { ...address, isTable: true }, type, family },
      format: { name: port === undefined ? "ip" : "endpoint" },
      ...(port === undefined ? {} : { port }),
    },
    {
      ...{ name: "addr", path: [name], place: { ...address, isJson: true }, type, family },
      format: { name: "ip" },
    },
    ...number("port", port),
    ...named,
    ...number("proto_raw", protocol),
    ...number("version", family),
  ];
}

function stackFields(name: string, find: Find): GadgetField[] | undefined {
  const id = find("stack_id", 4);
  if (id === undefined) return undefined;
  const type: FieldType = { kind: "int", bytes: 4, signed: true };
  // The process that the addresses belong to is not shown.
  const processes = ["tgid_level0", "pid_level0"].flatMap((label): GadgetField[] => {
    const spot = find(label, 4);
    const place = spot && { ...spot, hidden: true };
    if (place === undefined) return [];
    return [{ name: label, path: [name], place, type, format: { name: "dec" } }];
  });
  return [{ name, path: [], place: id, type, format: { name: "ustack" } }, ...processes];
}
