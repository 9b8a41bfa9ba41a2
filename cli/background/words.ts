/** Options of a command line as words again. */
import { RUN_OPTIONS, type RunLine, type RunOption } from "../args/run_options.ts";
import type { OptionSpec } from "../args/options.ts";

/** Options that define the run, not what it runs. */
const OWN: ReadonlySet<string> = new Set(["detach", "name", "restart", "log-size", "inherit-env"]);

/**
 * Returns the options of a line, with the values that variables have now.
 *
 * @param env variables for `--env NAME` and `--inherit-env`
 */
export function wordsOf(
  { values, lists, flags }: RunLine,
  env: Readonly<Record<string, string>> = Deno.env.toObject(),
): string[] {
  const words: string[] = [];
  for (const name of flags) if (!OWN.has(name)) words.push(`--${name}`);
  if (flags.has("inherit-env")) {
    for (const [name, value] of Object.entries(env).sort(([a], [b]) => a < b ? -1 : 1)) {
      words.push(`--env=${name}=${value}`);
    }
  }
  for (const name of Object.keys(values) as RunOption[]) {
    if (OWN.has(name)) continue;
    const { optional }: OptionSpec = RUN_OPTIONS[name];
    for (const value of lists?.[name] ?? [values[name] ?? ""]) {
      const whole = name === "env" ? withValue(value, env) : value;
      if (whole === undefined) continue;
      words.push(optional === true && whole === "" ? `--${name}` : `--${name}=${whole}`);
    }
  }
  return words;
}

function withValue(text: string, env: Readonly<Record<string, string>>): string | undefined {
  if (text.includes("=")) return text;
  return Object.hasOwn(env, text) ? `${text}=${env[text]}` : undefined;
}
