/** Shows the facts about a run of an object as rows: names, and their values. */
import type { RunFacts } from "../object/run_facts.ts";

/** Most fields of a source that are listed before the rest is counted. */
const SHOWN_FIELDS = 40;

/** Returns rows. */
export function runRows(run: RunFacts | undefined): [name: string, value: string][] {
  if (run === undefined) return [];
  return [
    ...run.sources.map(({ name, kind, rule, fields }): [string, string] => {
      const more = fields.length > SHOWN_FIELDS ? ` and ${fields.length - SHOWN_FIELDS} more` : "";
      const list = fields.slice(0, SHOWN_FIELDS).join(", ") + more;
      const isUntyped = kind === "events" && fields.length === 0;
      const shown = isUntyped ? "bytes, since no rule proves a type" : list;
      const because = rule === undefined ? "" : ` (${rule})`;
      return ["Shows", `${kind} ${name}${shown === "" ? "" : `: ${shown}`}${because}`];
    }),
    ...run.programs.map((program): [string, string] => ["Loads", program]),
    ...run.lacking.map(({ program, hint }): [string, string] => ["Needs", `${program}: ${hint}`]),
    ...run.options.map((option): [string, string] => ["Option", option.trim()]),
    ...run.notes.map((note): [string, string] => ["Note", note]),
    ...(run.problem === undefined ? [] : [["Problem", run.problem] as [string, string]]),
  ];
}
