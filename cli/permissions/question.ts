/** Question about a module's permissions, and the options that settle it beforehand. */
import type { Need } from "../../ebpf/inspection/mod.ts";
import { type GrantableLevel, LEVELS } from "../../ebpf/permissions/mod.ts";
import type { Origin } from "../../oci/stored.ts";
import type { Terminal } from "../../runtime/machine.ts";
import { visibleLine } from "../terminal/output.ts";

/** Reply to the question. */
export type Answer = "yes" | "always" | "no";

const DOES: Readonly<Record<GrantableLevel, string>> = {
  "observe": "observe the kernel",
  "inspect": "read memory of processes and the kernel",
  "network": "see, change, drop and redirect packets",
  "control": "decide for other processes",
  "struct-ops": "replace parts of the kernel",
  "replace": "change what stays after it ends",
  "write": "change the memory of processes",
};

/** Names of one kind that a line shows before the rest is counted. */
const SHOWN = 6;
/** Characters of a name: an object's author chooses it. */
const SHOWN_CHARACTERS = 80;
/** Attempts; after that many unknown replies the result is "no". */
const ATTEMPTS = 3;

/** Describes needs: a line for each level, with the programs, their places and what they call. */
export function describeNeeds(needs: readonly Need[]): string[] {
  return LEVELS.flatMap((level) => {
    const of = needs.filter((need) => need.level === level);
    if (of.length === 0 || level === "never") return [];
    const targets = unique(of.map(({ target }) => target));
    const programs = unique(of.map(({ program, type }) => `${short(program)} (${type})`));
    const calls = unique(of.map(({ call }) => call));
    return [
      `${level}: ${DOES[level]}` +
      (targets.length === 0 ? "" : ` on ${listed(targets)}`) +
      `: program ${listed(programs)}` +
      (calls.length === 0 ? "" : `, calling ${listed(calls)}`),
    ];
  });
}

/** Returns the options that grant all needs, in one line. */
export function flagsFor(needs: readonly Need[]): string {
  const levels = LEVELS.filter((level) => needs.some((need) => need.level === level));
  const names = unique(needs.flatMap(({ call, needsName }) => needsName ? [call] : []));
  const kfuncs = names.length === 0 ? "" : ` --allow-kfunc=${names.join(",")}`;
  return `--allow-bpf=${levels.join(",")}${kfuncs}`;
}

/**
 * Asks the user.
 *
 * @returns "no" also at the end of input, and when `isUnwanted` returns true
 */
export function askOnTerminal(
  terminal: Terminal,
  { name, origin, needs, canKeep, isUnwanted }: {
    name: string;
    origin: Origin;
    needs: readonly Need[];
    /** True if "always" is offered. */
    canKeep: boolean;
    isUnwanted?: (() => boolean) | undefined;
  },
): Answer {
  const always = canKeep ? `always for this repository and ${kept(origin)} / ` : "";
  const question = [
    `${visibleLine(name)} (${signedBy(origin)}) is about to`,
    ...describeNeeds(needs).map((line) => `  ${visibleLine(line)}`),
    `Allow it? yes once / ${always}no: `,
  ].join("\n");
  let prompt = question;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const line = terminal.ask(prompt, isUnwanted);
    if (line === undefined) return "no";
    const answer = answerOf(line);
    if (answer === "always" && !canKeep) return "yes";
    if (answer !== undefined) return answer;
    prompt = `Please type "yes"${canKeep ? ', "always"' : ""} or "no": `;
  }
  return "no";
}

function answerOf(line: string): Answer | undefined {
  const word = line.trim().toLowerCase();
  if (word === "y" || word === "yes") return "yes";
  if (word === "always") return "always";
  return word === "n" || word === "no" || word === "" ? "no" : undefined;
}

function signedBy({ digest, signers }: Origin): string {
  const [signer] = signers;
  return signer === undefined
    ? `${digest}, no verified signature`
    : `${digest}, signed with ${visibleLine(signer.name)}`;
}

function kept({ signers }: Origin): string {
  return signers.length === 0 ? "digest" : "signer";
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(short).join(", ");
  return names.length <= SHOWN ? shown : `${shown} and ${names.length - SHOWN} more`;
}

function short(name: string): string {
  return name.length <= SHOWN_CHARACTERS ? name : `${name.slice(0, SHOWN_CHARACTERS)}…`;
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}
