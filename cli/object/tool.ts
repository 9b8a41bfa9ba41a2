/** A plain object as a tool: its options, and what its maps and programs show. */
import type { EventTypes, ObjectFile, PlainVariable } from "../../ebpf/plain/mod.ts";
import type { RowOrder, SchemaHints, SortChoice } from "../../records/mod.ts";
import type { StackWish } from "./stack_fields.ts";

/** An option that sets a variable. */
export interface ToolOption {
  readonly variable: PlainVariable;
  /** Long names, the shown one first. */
  readonly names: readonly string[];
  /** One letter. */
  readonly short?: string;
  readonly help: string;
  /** True for a truth value: the option alone sets it. */
  readonly isFlag: boolean;
  /** Word of the default, if it is not what the object has. */
  readonly default?: string;
}

/** Look of a histogram. */
export interface HistogramWish {
  readonly unit?: string;
  readonly isLinear?: boolean;
  /** Width of a linear slot; default: 1. */
  readonly step?: number;
  /** Name of the field that holds the slots; default: the first that can. */
  readonly slots?: string;
}

/** A map that is shown as a table. */
export interface TableWish {
  readonly map: string;
  /** Name of the source; default: the map's. */
  readonly source?: string;
  /** Milliseconds between two looks; absent for one at the end. */
  readonly intervalMs?: number;
  /** True if the elements are deleted at each look. */
  readonly clear?: boolean;
  /** Look of a histogram, where the value has one. */
  readonly histogram?: HistogramWish;
  /** Variables that must be set, or with `!` must not, for it to be shown. */
  readonly condition?: string;
  /** Order and number of its rows, unless the command line has them. */
  readonly rows?: RowOrder;
  /** Order that depends on a variable. */
  readonly sortBy?: SortChoice;
  /** Variable with the number of rows; 0 for all. */
  readonly limitBy?: string;
  /** Iterator that fills the map before each look, which empties it. */
  readonly filledBy?: string;
}

/** Iterators whose output is one table. */
export interface IteratorWish {
  readonly source: string;
  readonly programs: readonly string[];
}

/** Facts about a tool in addition to its object. */
export interface Tool {
  readonly name: string;
  readonly file: ObjectFile;
  /** Texts of its help. */
  readonly about?: string;
  readonly version?: string;
  readonly options: readonly ToolOption[];
  /** Types of records by map or iterator program, as a package, markers or annotations declare them. */
  readonly declared: ReadonlyMap<string, EventTypes>;
  /** Names of sources by map. */
  readonly sourceNames: ReadonlyMap<string, string>;
  /** Facts about stacks by map. */
  readonly stacks?: ReadonlyMap<string, StackWish>;
  /** Hints about fields by map, iterator program, or source. */
  readonly hints: ReadonlyMap<string, SchemaHints>;
  /** Maps to show; undefined leaves the choice to the object. */
  readonly tables: readonly TableWish[] | undefined;
  readonly iterators: readonly IteratorWish[];
  /** Iterators that fill maps and show nothing themselves. */
  readonly fillers?: readonly string[];
  /** Targets of programs by the package. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
  /** Targets of programs by annotations, with names of variables in braces. */
  readonly places?: ReadonlyMap<string, string>;
  /** Programs of one place, by ways; in addition to those that their sections show. */
  readonly ways?: readonly (readonly (readonly string[])[])[];
  /** Conditions of programs that are loaded only with some options. */
  readonly conditions?: ReadonlyMap<string, string>;
  /** Programs that may be missing. */
  readonly optional?: readonly string[];
  /** Variable that numbers after the name set, or `SECONDS`; undefined for the usual meaning. */
  readonly numbers?: string;
  /** Formats whose names are printed, by the variable that requests it. */
  readonly lists?: ReadonlyMap<string, string>;
  /** Notes for standard error. */
  readonly notes: readonly string[];
  /** Perf events' options and others that metadata has: counters of lost records by map. */
  readonly lossMaps: ReadonlyMap<string, string>;
}
