/**
 * Measures patterns that the field's English does not have, in comments, strings and Markdown.
 * `docs/internals/glossary.md` has the words to use instead.
 */
import { type Prose, proseOf } from "./prose.ts";

/** A pattern, and how often it may occur in 10,000 words. */
export interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Kinds of prose that it holds for; all without it. */
  readonly kinds?: readonly Prose["kind"][];
  /** Highest rate among six well-known code bases: the goal. */
  readonly goal: number;
  /** Rate that the check accepts: the goal, or a lower one that was reached; never raised. */
  readonly atMost: number;
  readonly instead: string;
}

/** The rules, with the highest rate that was counted in six code bases of the field. */
export const RULES: readonly Rule[] = [
  {
    name: "comment opens with What, Whether, Who, How, They, The same",
    pattern: /^\s*(?:@brief\s+)?(?:What|Whether|Whoever|Who|How|They|The same)\b/g,
    kinds: ["comment"],
    goal: 0,
    atMost: 0,
    instead: "start with a verb for a function, with a noun for a type or constant",
  },
  {
    name: "say, said",
    pattern: /\b(?:say|says|said|saying)\b/gi,
    goal: 3.2,
    atMost: 3.2,
    instead: "returns, reports, prints, states, requires",
  },
  {
    name: "whoever, nobody, somebody, anybody, everybody",
    pattern: /\b(?:whoever|nobody|somebody|anybody|everybody)\b/gi,
    goal: 0.1,
    atMost: 0.1,
    instead: "name the actor: caller, user, client, registry, kernel",
  },
  {
    name: "stands in, at, beside, for",
    pattern: /\b(?:stands?|standing|stood)\s+(?:in|at|beside|for|there|behind|before)\b/gi,
    goal: 0.1,
    atMost: 0.1,
    instead: "is, is in, lives in, precedes",
  },
  {
    name: "of the guest's, of the host's",
    pattern: /\bof the (?:guest|host|embedder|module|kernel|program|user|process|object)'s\b/gi,
    goal: 1.5,
    atMost: 1.5,
    instead: "the guest's memory, memory of the guest",
  },
  {
    name: "behind",
    pattern: /\bbehind\b/gi,
    goal: 0.7,
    atMost: 0.7,
    instead: "after, below, past",
  },
  {
    name: "beside",
    pattern: /\bbeside\b/gi,
    goal: 0.1,
    atMost: 0.1,
    instead: "next to, in addition to",
  },
  { name: "but for", pattern: /\bbut for\b/gi, goal: 0.1, atMost: 0.1, instead: "except" },
  {
    name: "answers",
    pattern: /\banswer(?:s|ed|ing)?\b/gi,
    goal: 0.2,
    atMost: 0.2,
    instead: "returns, response, responds",
  },
  {
    name: "tell, told",
    pattern: /\b(?:tell|tells|told|telling)\b/gi,
    goal: 0.7,
    atMost: 0.7,
    instead: "reports",
  },
  {
    name: "is none, is no X",
    pattern:
      /\b(?:is|are|was|were) (?:none\b(?! of)|no (?!longer|more|less|later|earlier|different|such)\w)/gi,
    goal: 0.5,
    atMost: 0.5,
    instead: "is not a X; no X found",
  },
];

/** An occurrence of a pattern. */
export interface Finding {
  readonly rule: Rule;
  readonly path: string;
  readonly line: number;
  /** The words around it. */
  readonly excerpt: string;
}

/** Words and findings of some files. */
export interface Count {
  words: number;
  findings: Finding[];
}

/** Adds the prose of a file to a count. */
export function countFile(count: Count, path: string, text: string): void {
  const extension = /\.(\w+)$/.exec(path)?.[1] ?? (path.endsWith("Makefile") ? "mk" : "");
  for (const prose of proseOf(extension, text)) {
    count.words += prose.text.match(/[A-Za-z][A-Za-z']*/g)?.length ?? 0;
    for (const rule of RULES) {
      if (rule.kinds !== undefined && !rule.kinds.includes(prose.kind)) continue;
      for (const match of prose.text.matchAll(rule.pattern)) {
        const before = prose.text.slice(0, match.index);
        count.findings.push({
          rule,
          path,
          line: prose.line + before.split("\n").length - 1,
          excerpt: excerptAt(prose.text, match.index),
        });
      }
    }
  }
}

function excerptAt(text: string, at: number): string {
  return text.slice(Math.max(0, at - 30), at + 50).replaceAll(/\s+/g, " ").trim();
}

/** Occurrences in 10,000 words, by rule. */
export function rates({ words, findings }: Count): { rule: Rule; count: number; rate: number }[] {
  return RULES.map((rule) => {
    const count = findings.filter((finding) => finding.rule === rule).length;
    return { rule, count, rate: words === 0 ? 0 : count * 10_000 / words };
  });
}

/** Commit subjects that do not follow `type(scope): imperative object` in 72 characters. */
export function badSubjects(subjects: readonly string[]): string[] {
  const form = /^[a-z]+(?:\([a-z0-9-]+\))?!?: (?!(?:a|an|the|what|how|no|who|whose) )\S/;
  return subjects.filter((subject) => subject.length > 72 || !form.test(subject));
}
