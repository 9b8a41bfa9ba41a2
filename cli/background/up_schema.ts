/** Schema of the file of `up`, as JSON Schema, and from the tables of the command line. */
import type { OptionSpec } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";

/** Part of JSON Schema (draft 2020-12) that the file needs. */
export interface Schema {
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "boolean" | "number" | "integer";
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly maxItems?: number;
}

/** Options that the file has in other places, or that make no sense in it. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...[
    "detach",
    "name",
    "restart",
    "log-size",
    "output",
    "strict",
    "help",
    "version",
    "color",
    "top",
  ],
  ...["allow-bpf", "deny-bpf", "allow-attach", "deny-attach", "allow-helper", "deny-helper"],
  ...["allow-kfunc", "deny-kfunc", "installed", "inherit-env"],
]);

/** Options of permissions by their names in the file. */
export const PERMISSION_OPTIONS = {
  "allow": "allow-bpf",
  "deny": "deny-bpf",
  "attach": "allow-attach",
  "deny-attach": "deny-attach",
  "helpers": "allow-helper",
  "deny-helpers": "deny-helper",
  "kfuncs": "allow-kfunc",
  "deny-kfuncs": "deny-kfunc",
} as const;

const TEXT: Schema = { anyOf: [{ type: "string" }, { type: "number" }] };
const TEXTS: Schema = { type: "array", items: TEXT, maxItems: 1000 };

function optionSchema({ argument, optional, repeatable, help }: OptionSpec): Schema {
  const described = help === undefined ? {} : { description: help };
  if (argument === undefined) return { ...described, type: "boolean" };
  const more: Schema[] = [
    ...(repeatable === true ? [TEXTS] : []),
    ...(optional === true ? [{ type: "boolean" } as const] : []),
  ];
  return { ...described, anyOf: [{ type: "string" }, { type: "number" }, ...more] };
}

function permissionsSchema(): Schema {
  const specs: Readonly<Record<string, OptionSpec>> = RUN_OPTIONS;
  const lists = Object.entries(PERMISSION_OPTIONS).map(([name, option]) => {
    const { help = "" } = specs[option] ?? {};
    return [name, { description: help, type: "array", items: { type: "string" } }] as const;
  });
  return {
    description: "limits of the eBPF programs",
    type: "object",
    properties: {
      ...Object.fromEntries(lists),
      strict: { description: "allow only what is listed here", type: "boolean" },
    },
    additionalProperties: false,
  };
}

/** Returns the schema. */
export function upSchema(): Schema {
  const options = Object.entries(RUN_OPTIONS as Readonly<Record<string, OptionSpec>>)
    .filter(([name, { help }]) => !ELSEWHERE.has(name) && help !== undefined)
    .map(([name, spec]) => [name, optionSchema(spec)] as const);
  const run: Schema = {
    type: "object",
    properties: {
      name: {
        description: "name of the run, for logs and ps",
        type: "string",
        pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
      },
      run: { description: "tool, file, reference or address", type: "string", pattern: "." },
      args: { ...TEXTS, description: "arguments of the module, options of the tool" },
      options: {
        description: "options of wasm-bpf run by their long names",
        type: "object",
        properties: Object.fromEntries(options),
        additionalProperties: false,
      },
      permissions: permissionsSchema(),
      sinks: {
        description: "formats of records, FORMAT or FORMAT=FILE (default: jsonl to the log)",
        type: "array",
        items: { type: "string", pattern: "^[a-z]+(=.+)?$" },
      },
      restart: {
        description: "no, on-failure, on-failure:N or always (default: always)",
        type: "string",
        pattern: "^(no|always|on-failure(:\\d{1,7})?)$",
      },
      "log-size": {
        description: "bound of the log, such as 20M",
        ...TEXT,
      },
    },
    required: ["name", "run"],
    additionalProperties: false,
  };
  return {
    description: "Runs of wasm-bpf up",
    type: "object",
    properties: { runs: { type: "array", items: run, maxItems: 256 } },
    required: ["runs"],
    additionalProperties: false,
  };
}
