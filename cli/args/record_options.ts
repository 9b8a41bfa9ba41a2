/** Options of everything that prints records: plain objects, tools, and guests that emit them. */
import type { OptionSpec, PartOfLine } from "./options.ts";

export const RECORD_OPTIONS = {
  "output": {
    short: "o",
    argument: "FORMAT[=FILE]",
    repeatable: true,
    help: "print records as columns, jsonl, json, csv or raw, to FILE if given; repeatable",
  },
  "fields": {
    argument: "a,b,+c,-d",
    help: "show these fields; +NAME adds one, -NAME removes one",
  },
  "filter": {
    argument: "EXPR",
    help: 'show records that match CEL, such as pid == 1 && comm.startsWith("ba")',
  },
  "sort": { argument: "-a,b", help: "order rows of an interval; - puts the highest first" },
  "limit": { argument: "N", help: "show at most N rows of an interval" },
  "interval": { argument: "DURATION", help: "show tables this often, such as 1s" },
  "count": { argument: "N", help: "end after N records, or N intervals of a table" },
  "aggregate": {
    argument: "a,sum(b)",
    help: "group records by fields: count, sum(F), min(F), max(F), avg(F)",
  },
  "top": { help: "redraw one screen for each interval; keys: q ends, h shows the others" },
  "as": {
    argument: "FIELD=FORMAT,...",
    repeatable: true,
    help: "show fields as hex, ipv4, time, errno and so on; repeatable",
  },
  "time": { help: "show when each record was read (default for columns of events)" },
  "no-time": { help: "do not show when each record was read" },
  "utc": { help: "show times in UTC" },
  "exact": { help: "show digits, without units or names of users" },
  "folded": { help: "print stacks as flamegraph.pl reads them" },
  "color": { argument: "WHEN", help: "color headers: auto, always or never" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option for records. */
export type RecordOption = keyof typeof RECORD_OPTIONS;

/** Reports whether a command line has an option for records. */
export function wantsRecords({ values, flags }: PartOfLine<RecordOption>): boolean {
  return (Object.keys(RECORD_OPTIONS) as RecordOption[])
    .some((name) => values[name] !== undefined || flags.has(name));
}
