/** Starts the process that serves a run's figures, before the run's own thread is confined. */
import { HostError } from "../ffi/errors.ts";
import { FeedKind, feedMessage } from "../records/mod.ts";
import { FeedChannel } from "./channel.ts";
import type { ServiceReply, ServiceSettings } from "./settings.ts";

/** First word of the process's command line. */
export const SERVICE_WORD = "--serve-feed";

/** Milliseconds that the process has to start; a loaded machine takes long. */
const START_MS = 30_000;

/** Variables that it gets: zone, proxies, certificate authorities and those of OpenTelemetry. */
const VARIABLES =
  /^(TZ|LANG|LC_\w+|OTEL_\w+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_\w+|DENO_TLS_CA_STORE|DENO_CERT)$/;

/** Running process with the way to it. */
export interface Service {
  readonly channel: FeedChannel;
  readonly reply: Exclude<ServiceReply, { error: unknown }>;
  /** Waits until the process has ended, for so many milliseconds at most. */
  ended(timeoutMs: number): Promise<void>;
}

/**
 * Starts the process and waits until it listens.
 *
 * @throws {HostError} with the code of what it could not do: `EADDRINUSE`, `EACCES`, `ENOENT`, …
 */
export async function startService(
  settings: ServiceSettings,
  onBroken: () => void,
): Promise<Service> {
  const child = spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  try {
    await writer.write(feedMessage(FeedKind.Config, settings));
    const reply = JSON.parse(await firstLine(reader)) as ServiceReply;
    if ("error" in reply) {
      const { message, ...rest } = reply.error;
      throw new HostError(message, rest);
    }
    const channel = new FeedChannel(child.pid, onBroken);
    return {
      channel,
      reply,
      ended: (timeoutMs) => {
        writer.close().catch(() => {});
        return within(drained(reader), timeoutMs);
      },
    };
  } catch (error) {
    writer.close().catch(() => {});
    if (error instanceof HostError) throw error;
    throw new HostError("Cannot serve the run's figures: their process ended", {
      code: "SERVICE",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function spawn(): Deno.ChildProcess {
  const args = Deno.build.standalone
    ? [SERVICE_WORD]
    : ["run", "-A", "--quiet", Deno.mainModule, SERVICE_WORD];
  const env = Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => VARIABLES.test(name)),
  );
  return new Deno.Command(Deno.execPath(), {
    args,
    env,
    clearEnv: true,
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Longest first line. */
const MAX_LINE = 65_536;

async function firstLine(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done || text.length > MAX_LINE) throw new Error(`it wrote ${JSON.stringify(text)}`);
    text += decoder.decode(value, { stream: true });
  }
  return text.slice(0, text.indexOf("\n"));
}

async function drained(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // The thread may be confined too far to read: then nothing is waited for.
  }
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, ms);
  await Promise.race([promise, timer.promise]);
  clearTimeout(id);
}
