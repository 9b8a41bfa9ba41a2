/**
 * Connections of a server: bounded in number, and in time without a request. `Deno.serve()` accepts all that
 * come and ends when no descriptor is left, so that idle connections would end the service; the server of
 * node:http ignores its limits there. Before the end of a TLS handshake, Deno closes a connection only with
 * its client.
 */
import { refusal } from "./guards.ts";

/**
 * Handles one request.
 *
 * @param stay makes its connection last as long as the client wants, for responses that go on
 */
export type Handler = (request: Request, stay: () => void) => Response;

/** Function of Deno that its own tests use; `Deno.serve()` calls it for each connection. */
type ServeConnection = (
  connection: Deno.Conn,
  signal: AbortSignal,
  handler: (request: Request) => Response,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => { readonly finished: Promise<void> };

function connectionServer(): ServeConnection {
  const { internal } = Deno as unknown as { readonly internal: symbol };
  const functions = Deno as unknown as Readonly<Record<symbol, Record<string, ServeConnection>>>;
  const serve = functions[internal]?.["serveHttpOnConnection"];
  if (serve === undefined) throw new TypeError("Deno has no serveHttpOnConnection");
  return serve;
}

/** Limits of a server. */
export interface ConnectionLimits {
  /** Connections at the same time; of more, the one without a request for the longest time ends. */
  readonly most: number;
  /** Milliseconds until the first request. */
  readonly firstMs: number;
  /** Milliseconds from one request to the next, which include its response. */
  readonly idleMs: number;
}

/** Pages, scrapers and their retries take a few; scrapers come back each minute. */
const LIMITS: ConnectionLimits = { most: 256, firstMs: 10_000, idleMs: 150_000 };
/** Milliseconds after a failed accept(2), and between looks at the time of connections. */
const PAUSE_MS = 100, LOOK_MS = 1000;

/** Open connection. */
interface Connection {
  readonly abort: AbortController;
  /** Time after which it ends; none for a response that goes on. */
  endMs: number;
}

/** Serves the connections of a listener, for as long as it is open. */
export async function serveConnections(
  listener: Deno.Listener,
  handler: Handler,
  limits: ConnectionLimits = LIMITS,
): Promise<void> {
  const open = new Set<Connection>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const one of open) if (one.endMs < now) one.abort.abort();
  }, Math.min(LOOK_MS, limits.firstMs));
  try {
    for (;;) {
      let connection: Deno.Conn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        // No descriptor is left: others of this process need some as well.
        endOldest(open, Math.ceil(open.size / 4));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        continue;
      }
      if (open.size >= limits.most) endOldest(open, 1);
      void serveOne(connection, open, { handler, limits });
    }
  } finally {
    clearInterval(timer);
    for (const { abort } of open) abort.abort();
  }
}

/** Ends connections that wait; those whose response goes on stay. */
function endOldest(open: Set<Connection>, count: number): void {
  const waiting = [...open].filter(({ endMs }) => endMs < Infinity);
  waiting.sort((a, b) => a.endMs - b.endMs);
  for (const one of waiting.slice(0, count)) {
    open.delete(one);
    one.abort.abort();
  }
}

async function serveOne(
  connection: Deno.Conn,
  open: Set<Connection>,
  { handler, limits }: { handler: Handler; limits: ConnectionLimits },
): Promise<void> {
  const one: Connection = {
    abort: new AbortController(),
    endMs: performance.now() + limits.firstMs,
  };
  open.add(one);
  const answer = (request: Request) => {
    // By HTTP/2, other requests come next to a response that goes on.
    if (one.endMs < Infinity) one.endMs = performance.now() + limits.idleMs;
    return handler(request, () => one.endMs = Infinity);
  };
  const onError = () => refusal(500, "internal error");
  try {
    await connectionServer()(connection, one.abort.signal, answer, onError, () => {}).finished;
  } catch {
    // Its client is gone, or no TLS.
  } finally {
    open.delete(one);
  }
}
