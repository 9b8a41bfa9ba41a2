/** What a command line gives a guest: folders, variables, streams, sockets, memory. */
import type { CommandOptions, Preopen } from "../../runtime/command.ts";
import { decodeText, processEnvironment } from "../../runtime/everything.ts";
import { UsageError } from "../errors.ts";
import type { RunLine } from "./run_options.ts";
import { parseMemorySize } from "./size.ts";

/** Those options of a run. */
export type Grants = Pick<CommandOptions, "env" | "preopens" | "listen" | "stdio" | "limits">;

/** Reads a `NAME=value` of the process's. */
type Environment = () => Uint8Array[];

/**
 * The options that a line's grants come to.
 *
 * @param environment of this process; for tests
 * @throws {UsageError} for what can be seen to be wrong without looking at the machine
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
      `Cannot use --dir ${texts[twice]}: the module has a folder ${names[twice]} already`,
      "give each folder a path of its own, as in HOST::GUEST",
    );
  }
  return preopens;
}

/** Whether it is one of this machine is seen when it is opened. */
function checkAddress(text: string): string {
  const port = /^(?:\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) <= 65535) return text;
  throw new UsageError(
    `Cannot use --listen ${text}: it is not HOST:PORT`,
    "write it like 127.0.0.1:8080 or [::1]:8080; a port is at most 65535",
  );
}

/**
 * `HOST[::GUEST][::ro]`. What the guest calls it is what the host does where nothing else is said, as
 * other runtimes have it.
 */
export function parsePreopen(text: string): Preopen {
  const readOnly = text.endsWith("::ro");
  const rest = readOnly ? text.slice(0, -"::ro".length) : text;
  const at = rest.lastIndexOf("::");
  const [host, guest] = at < 0 ? [rest, rest] : [rest.slice(0, at), rest.slice(at + 2)];
  if (host === "" || guest === "") {
    throw new UsageError(
      `Cannot use --dir ${text}: a path is missing`,
      "write it HOST, HOST::GUEST or HOST::GUEST::ro",
    );
  }
  if (at >= 0 && guest !== "." && !guest.startsWith("/")) {
    throw new UsageError(
      `Cannot use --dir ${text}: the module's path ${guest} is not absolute`,
      "let it begin with /, or give . for where relative paths begin",
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
      throw new UsageError(`Cannot use --env ${text}: the name is missing`, "write it NAME=VALUE");
    }
    if (at >= 0) env[name] = text.slice(at + 1);
    else {
      // What is not set here is not set there either.
      const value = ours?.get(name);
      if (value !== undefined) env[name] = value;
    }
  }
  return env;
}

/** Returns this process's variables, whose bytes reach the module as they are. */
function ourOwn(environment: Environment): Map<string, string> {
  const ours = new Map<string, string>();
  for (const bytes of environment()) {
    const at = bytes.indexOf(0x3d);
    if (at > 0) ours.set(decodeText(bytes.subarray(0, at)), decodeText(bytes.subarray(at + 1)));
  }
  return ours;
}
