/** Definition of a run: everything that it takes to start it again. */
import { parseRestart, type RestartPolicy, restartText } from "./restart.ts";
import { type Capability, isCapability } from "./capabilities.ts";
import { RunsError } from "./errors.ts";

/** Definition of a run, fixed when it is first started. */
export interface Definition {
  /** Name of the run. */
  readonly name: string;
  /** Words of `wasm-bpf run`: options, module and its arguments. */
  readonly words: readonly string[];
  /** Module and arguments as they were given, for people. */
  readonly shown: readonly string[];
  /** Working directory. */
  readonly cwd: string;
  /** Environment of wasm-bpf itself; a module gets what its options grant. */
  readonly env: Readonly<Record<string, string>>;
  /** SHA-256 of the module that may run; absent for tools of the box. */
  readonly digest?: string;
  /** When it is started again. */
  readonly restart: RestartPolicy;
  /** Directory of the process numbers. */
  readonly runtime: string;
  /** Time in RFC 3339. */
  readonly created: string;
  /** Bound of the log, in bytes. */
  readonly logBytes: number;
  /** Capabilities that it needed when it was defined; absent in definitions of older versions. */
  readonly capabilities?: readonly Capability[];
  /** True if standard output is records in JSON lines. */
  readonly records: boolean;
  /** File of `wasm-bpf up` that lists the run. */
  readonly file?: string;
}

/** Version of the file's format. */
const VERSION = 1;

/** Names: no path, no option, and visible characters only. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** Reports whether a text can name a run. */
export function isRunName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Returns a name for people's commands.
 *
 * @throws {RunsError} `BAD_NAME`
 */
export function checkName(name: string): string {
  if (isRunName(name)) return name;
  throw new RunsError(`Cannot use the name ${JSON.stringify(name.slice(0, 80))}: invalid`, {
    code: "BAD_NAME",
    hint: "use letters, digits, dots, dashes and underscores, at most 63, a letter or digit first",
  });
}

/** Writes a definition. */
export function definitionText(definition: Definition): string {
  const { restart, ...rest } = definition;
  return `${
    JSON.stringify({ version: VERSION, ...rest, restart: restartText(restart) }, null, 2)
  }\n`;
}

/**
 * Reads a definition.
 *
 * @param name of its directory, which must be the run's
 * @throws {RunsError} `BAD_STATE`
 */
export function parseDefinition(text: string, name: string): Definition {
  const value = parseObject(text);
  const restart = parseRestart(String(value?.["restart"]));
  if (
    value === undefined || restart === undefined || value["version"] !== VERSION ||
    value["name"] !== name || !isTexts(value["words"]) || !isTexts(value["shown"]) ||
    !isText(value["cwd"]) || !isTexts(Object.values(value["env"] ?? {})) ||
    !isText(value["runtime"]) || !isText(value["created"]) ||
    typeof value["logBytes"] !== "number" || typeof value["records"] !== "boolean" ||
    !isTextIfThere(value["digest"]) || !isTextIfThere(value["file"]) ||
    !areCapabilities(value["capabilities"] ?? [])
  ) {
    throw new RunsError(
      `Cannot read the definition of run "${name}": damaged or of a newer version`,
      {
        code: "BAD_STATE",
        hint: `run wasm-bpf stop --rm ${name} to remove it`,
      },
    );
  }
  return { ...value, restart } as unknown as Definition;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown) => typeof value === "string";
const isTextIfThere = (value: unknown) => value === undefined || isText(value);
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const areCapabilities = (value: unknown) => Array.isArray(value) && value.every(isCapability);
