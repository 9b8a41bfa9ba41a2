/** Groups of records, as options describe them. */

/** Function over the records of a group. */
export type AggregateFunction = "count" | "sum" | "min" | "max" | "avg";

/** Groups, and what is computed for each. */
export interface AggregateSpec {
  /** Fields whose values make a group; one group without any. */
  readonly keys: readonly string[];
  /** Functions; `count` has no field. */
  readonly measures: readonly { readonly call: AggregateFunction; readonly field?: string }[];
}
