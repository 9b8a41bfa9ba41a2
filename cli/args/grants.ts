/** Grants on a command line: directories, variables, streams, sockets, memory. */
import type { CommandOptions, Preopen } from "../../runtime/command.ts";
import { decodeText, processEnvironment } from "../../runtime/everything.ts";
import { UsageError } from "../errors.ts";
import type { RunLine } from "./run_options.ts";
import { parseMemorySize } from "./size.ts";

/** Those options of a run. */
export type Grants = Pick<CommandOptions, "env" | "preopens" | "listen" | "stdio" | "limits">;

/** Reads a `NAME=value` of the process. */
type Environment = () => Uint8Array[];

/**
 * Returns the options for the grants on a command line.
 *
 * @param environment of this process; for tests
 * @throws {UsageError} for values that are wrong on every machine
 */
export function grantsOf(line: RunLine, environment: Environment = processEnvironment): Grants {
  const memory = line.values["max-memory"];
  return {
    env: environmentOf(line, environment),
    preopens: preopensOf(line.lists?.dir ?? []),
    listen: (line.lists?.listen ?? []).map(checkAddress),
    stdio: {
      stdin: streamOf(line.values.stdin),
      stdout: streamOf(line.values.stdout),
      stderr: streamOf(line.values.stderr),
    },
    ...(memory === undefined
      ? {}
      : { limits: { memoryBytes: parseMemorySize(memory, "--max-memory") } }),
  };
}

function streamOf(value: string | undefined): "inherit" | "null" | { file: string } {
  if (value === undefined) return "inherit";
  return value === "null" ? "null" : { file: value };
}

function preopensOf(texts: readonly string[]): Preopen[] {
  const preopens = texts.map(parsePreopen);
  const names = preopens.map(({ guest }) => guest.replace(/(?<=.)\/+$/, ""));
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice >= 0) {
    throw new UsageError(
      `Cannot use --dir "${texts[twice]}": the module already has a directory "${names[twice]}"`,
      "give each directory its own path, as in HOST::GUEST",
    );
  }
  return preopens;
}

/** Checks the form only; listening fails later for an address of another machine. */
function checkAddress(text: string): string {
  const port = /^(?:\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) <= 65535) return text;
  throw new UsageError(
    `Cannot use --listen "${text}": not HOST:PORT`,
    "write it like 127.0.0.1:8080 or [::1]:8080; a port is at most 65535",
  );
}

/**
 * Parses `HOST[::GUEST][::ro]`. Without GUEST the guest sees the host's path, as in other runtimes.
 */
export function parsePreopen(text: string): Preopen {
  const readOnly = text.endsWith("::ro");
  const rest = readOnly ? text.slice(0, -"::ro".length) : text;
  const at = rest.lastIndexOf("::");
  const [host, guest] = at < 0 ? [rest, rest] : [rest.slice(0, at), rest.slice(at + 2)];
  if (host === "" || guest === "") {
    throw new UsageError(
      `Cannot use --dir "${text}": missing path`,
      "write HOST, HOST::GUEST or HOST::GUEST::ro",
    );
  }
  if (at >= 0 && guest !== "." && !guest.startsWith("/")) {
    throw new UsageError(
      `Cannot use --dir "${text}": the module's path "${guest}" is not absolute`,
      "start it with /, or write . for the working directory",
    );
  }
  return { host, guest, readOnly };
}

function environmentOf(line: RunLine, environment: Environment): Record<string, string> {
  const given = line.lists?.env ?? [];
  const inherits = line.flags.has("inherit-env");
  const ours = inherits || given.some((text) => !text.includes("=")) ? ourOwn(environment) : null;
  const env: Record<string, string> = Object.create(null);
  if (inherits && ours !== null) {
    for (const [name, value] of ours) env[name] = value;
  }
  for (const text of given) {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    if (name === "") {
      throw new UsageError(`Cannot use --env "${text}": missing name`, "write NAME=VALUE");
    }
    if (at >= 0) env[name] = text.slice(at + 1);
    else {
      // A variable that this process lacks stays unset.
      const value = ours?.get(name);
      if (value !== undefined) env[name] = value;
    }
  }
  return env;
}

/** Returns this process's variables; their bytes reach the module unchanged. */
function ourOwn(environment: Environment): Map<string, string> {
  const ours = new Map<string, string>();
  for (const bytes of environment()) {
    const at = bytes.indexOf(0x3d);
    if (at > 0) ours.set(decodeText(bytes.subarray(0, at)), decodeText(bytes.subarray(at + 1)));
  }
  return ours;
}
