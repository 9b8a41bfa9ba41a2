/** `wasm-bpf trust`: lists, revokes and exports the permissions that were granted for good. */
import { type KeptGrant, readGrants, revokeGrants } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { unknownAction } from "../args/mistakes.ts";
import { printError, toJson, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatTable } from "../terminal/table.ts";

const OPTIONS = {
  "all": { help: "revoke every grant" },
  "json": { help: "print JSON" },
} as const satisfies Record<string, OptionSpec>;

const ACTIONS = ["list", "revoke", "export"] as const;

/** Help of `trust`. */
export const PAGE: HelpPage = {
  usage: ["trust list [--json]", "trust revoke REPOSITORY...|--all", "trust export"],
  about:
    'Manages the permissions that were granted with "always": for a repository and a signer, ' +
    "or for a repository and a digest when the module is not signed.",
  arguments: {
    REPOSITORY: "repository as list prints it, or with @ and its key or digest for one grant alone",
  },
  options: OPTIONS,
  notes: ["export prints the grants as JSON, to be kept or compared."],
};

/** Lists, revokes or exports grants. */
export function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [word, ...names] = line.rest;
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined) throw unknownAction(word, ACTIONS);
  if (line.flags.has("all") && action !== "revoke") {
    throw new UsageError(`Cannot use --all with trust ${action}: it is for revoke`);
  }
  if (action === "revoke") return Promise.resolve(revoke(names, line.flags.has("all")));
  if (names.length > 0) {
    throw new UsageError(`Cannot use "${names[0]}": trust ${action} takes no name`);
  }
  const grants = readGrants();
  if (action === "export" || line.flags.has("json")) print(toJson({ version: 1, grants }, 2));
  else if (grants.length > 0) print(formatTable([HEADER, ...grants.map(row)]));
  return Promise.resolve(0);
}

const HEADER = ["REPOSITORY", "IDENTITY", "LEVELS", "SINCE"];

function row({ repository, key, digest, levels, kfuncs, since }: KeptGrant): string[] {
  const identity = key === undefined ? digest ?? "" : `key ${key}`;
  return [repository, identity, [...levels, ...kfuncs].join(","), since].map(visibleLine);
}

function revoke(names: readonly string[], isAll: boolean): number {
  if (isAll === names.length > 0) {
    throw new UsageError("trust revoke takes repositories, or --all");
  }
  const isNamed = ({ repository, key, digest }: KeptGrant, name: string) =>
    name === repository || name === `${repository}@${key ?? digest}`;
  const removed = revokeGrants((grant) => isAll || names.some((name) => isNamed(grant, name)));
  for (const { repository, key, digest } of removed) {
    print(visibleLine(`Revoked ${repository}@${key ?? digest}`));
  }
  const missing = names.filter((name) => !removed.some((grant) => isNamed(grant, name)));
  for (const name of missing) {
    printError(visibleLine(`error: Cannot revoke "${name}": not granted`));
  }
  if (missing.length > 0) printError("hint: wasm-bpf trust list shows the grants");
  return missing.length > 0 ? 1 : 0;
}
