/** Credential helpers: programs `docker-credential-NAME` with docker's protocol. */
import { readJson } from "../json.ts";
import { type Credential, passwordOf } from "./auth_file.ts";
import { CredentialError } from "./errors.ts";
import type { Caller, Content } from "./locations.ts";

/** Options of a helper. */
export interface HelperOptions {
  /** User to run the helper as. */
  readonly owner?: Caller | undefined;
  /** Timeout in milliseconds. The helper may prompt for a pass phrase. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 1024 ** 2;
const LIMITS = { bytes: MAX_OUTPUT, depth: 8, members: 1000 };

/** Messages of docker's own helpers for a missing credential. */
const NOT_FOUND = /credentials not found|no credentials|not found in (native )?keychain/i;

/**
 * Returns the helper that a file names, to run as the user who can change the file.
 *
 * @throws {CredentialError} `EPERM` when that user is unknown, `BAD_CREDENTIAL`
 */
export function helperOf(
  name: string,
  { runAs, noHelpers }: Pick<Content, "runAs" | "noHelpers">,
  { path, timeoutMs }: { path: string; timeoutMs?: number | undefined },
): CredentialHelper {
  if (noHelpers === undefined) return new CredentialHelper(name, { owner: runAs, timeoutMs });
  throw new CredentialError(`Cannot run the helper that "${path}" names as root: ${noHelpers}`, {
    code: "EPERM",
    hint: "unset DOCKER_CONFIG, or run wasm-bpf as that user",
  });
}

/** Credential helper. */
export class CredentialHelper {
  readonly #program: string;
  readonly #options: HelperOptions;

  /**
   * Creates a helper for the program of that name in `PATH`.
   *
   * @throws {CredentialError} `BAD_CREDENTIAL` when the name contains a path
   */
  constructor(name: string, options: HelperOptions = {}) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
      throw new CredentialError(
        `Cannot run the credential helper ${
          JSON.stringify(name.slice(0, 100))
        }: not a program name`,
        {
          code: "BAD_CREDENTIAL",
        },
      );
    }
    this.#program = `docker-credential-${name}`;
    this.#options = options;
  }

  /** Returns the credential under a key, such as a registry; undefined without one. */
  async get(key: string): Promise<Credential | undefined> {
    const { success, output } = await this.#run("get", key);
    if (!success) {
      if (NOT_FOUND.test(output)) return undefined;
      throw this.#failure("get", output);
    }
    return this.#read(output);
  }

  /** Stores a credential. */
  async store(key: string, credential: Credential & { kind: "password" }): Promise<void> {
    const input = JSON.stringify({
      ServerURL: key,
      Username: credential.username,
      Secret: credential.password,
    });
    const { success, output } = await this.#run("store", input);
    if (!success) throw this.#failure("store", output);
  }

  /** Removes the credential under a key. */
  async erase(key: string): Promise<void> {
    const { success, output } = await this.#run("erase", key);
    if (!success && !NOT_FOUND.test(output)) throw this.#failure("erase", output);
  }

  #read(output: string): Credential | undefined {
    try {
      const bytes = new TextEncoder().encode(output);
      const json = readJson(bytes, { what: "it", code: "BAD_JSON", limits: LIMITS });
      const [username, secret] = [json.string("Username"), json.string("Secret")];
      return username && secret ? passwordOf(username, secret) : undefined;
    } catch {
      // Its output may hold a secret.
      throw this.#failure("get", "invalid response");
    }
  }

  async #run(verb: string, input: string): Promise<{ success: boolean; output: string }> {
    const child = this.#spawn(verb);
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, timeoutMs);
    const reader = child.stdout.getReader();
    const work = Promise.all([readText(reader), child.status, writeText(child.stdin, input)]);
    try {
      const done = await Promise.race([work, late]);
      if (done !== undefined) return { output: done[0], success: done[1].success };
      child.kill("SIGKILL");
      // Its children may hold the output open for ever.
      await reader.cancel();
      await child.status;
      throw this.#failure(verb, `it did not end within ${timeoutMs / 1000} s`, "TIMEOUT");
    } finally {
      clearTimeout(timer);
    }
  }

  #spawn(verb: string): Deno.ChildProcess {
    const { owner } = this.#options;
    try {
      return new Deno.Command(this.#program, {
        args: [verb],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
        ...(owner === undefined ? {} : asCaller(owner)),
      }).spawn();
    } catch (cause) {
      const isMissing = cause instanceof Deno.errors.NotFound;
      throw new CredentialError(
        `Cannot run ${this.#program}: ` +
          (isMissing ? "no such program" : "it cannot be started"),
        {
          code: "HELPER",
          hint: "install it, or remove it from credsStore and credHelpers",
          cause,
        },
      );
    }
  }

  #failure(verb: string, reason: string, code = "HELPER"): CredentialError {
    const line = reason.trim().split("\n")[0]?.slice(0, 200) ?? "";
    return new CredentialError(
      `Cannot ${verb} credentials with ${this.#program}: ${line || "it failed"}`,
      { code },
    );
  }
}

/** Variables of root's environment to pass on: search path, terminal and language. */
const SHARED = /^(PATH|TERM|LANG|LANGUAGE|LC_[A-Z]+)$/;

/**
 * Returns the options that run a helper as the caller of sudo, with the caller's environment: the
 * caller's programs must not run as root, nor read root's files or environment, which holds secrets.
 */
function asCaller({ uid, gid, name, home }: Caller): Partial<Deno.CommandOptions> {
  const runtime = `/run/user/${uid}`;
  const shared = Object.entries(Deno.env.toObject()).filter(([name]) => SHARED.test(name));
  return {
    uid,
    gid,
    cwd: "/",
    clearEnv: true,
    env: {
      ...Object.fromEntries(shared),
      HOME: home,
      USER: name,
      LOGNAME: name,
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
    },
  };
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text;
    if (text.length < MAX_OUTPUT) text += decoder.decode(value, { stream: true });
  }
}

async function writeText(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It ended without reading its input; its exit code has the result.
  }
}
