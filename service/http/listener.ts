/** HTTP servers of this process. */
import { HostError } from "../../ffi/errors.ts";
import { readRegularFile } from "../../oci/paths/mod.ts";
import { authority, type Listen, type MetricsSettings, type TlsFiles } from "../settings.ts";
import { type Handler, serveConnections } from "./connections.ts";
import { MIN_TOKEN, Token } from "./guards.ts";

/**
 * Starts a server.
 *
 * @returns its address, with the port that was free
 * @throws {HostError} `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, or `BAD_TLS` for files that do not fit
 */
export function listen(
  { host, port }: Listen,
  tls: { readonly cert: string; readonly key: string } | undefined,
  handler: Handler,
): Listen {
  try {
    const address = { hostname: host, port };
    const listener = tls === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, ...tls, alpnProtocols: ["h2", "http/1.1"] });
    void serveConnections(listener, handler);
    return { host, port: listener.addr.port };
  } catch (cause) {
    throw notListening({ host, port }, cause);
  }
}

function notListening(address: Listen, cause: unknown): HostError {
  const isTls = cause instanceof Deno.errors.InvalidData;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = isTls
    ? "BAD_TLS"
    : cause instanceof Error && "code" in cause
    ? String(cause.code)
    : cause instanceof Deno.errors.AddrInUse
    ? "EADDRINUSE"
    : "LISTEN";
  const reason = text.replace(/ \(os error \d+\)$/, "");
  const hint = code === "EADDRINUSE"
    ? "choose another port; port 0 is any free one"
    : isTls
    ? "pass files in PEM form that belong together"
    : undefined;
  return new HostError(`Cannot serve at ${authority(address)}: ${reason}`, { code, hint, cause });
}

/** Files of the endpoint, read before anything listens. */
export interface EndpointFiles {
  readonly token?: Token;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Largest file of a token or of TLS. */
const MAX_FILE_BYTES = 1 << 20;

/** @throws {HostError} with an errno name for a file that cannot be read; `BAD_TOKEN` */
export function readFiles(
  { tokenFile, certFile, keyFile }: Pick<MetricsSettings, "tokenFile"> & TlsFiles,
): EndpointFiles {
  return {
    ...(tokenFile === undefined ? {} : { token: tokenIn(tokenFile) }),
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : { tls: { cert: textOf(certFile), key: textOf(keyFile) } }),
  };
}

function tokenIn(path: string): Token {
  const text = textOf(path).trim();
  if (text.length >= MIN_TOKEN && /^[\x21-\x7e]+$/.test(text)) return new Token(text);
  throw new HostError(`Cannot use the token in "${path}": not ${MIN_TOKEN} or more characters`, {
    code: "BAD_TOKEN",
    hint: "write one line of letters and digits, such as openssl rand -hex 32 prints",
  });
}

function textOf(path: string): string {
  try {
    // Throws Deno's error, which names the reason alone, for a path that leads nowhere.
    Deno.statSync(path);
    return new TextDecoder().decode(readRegularFile(path, { maxBytes: MAX_FILE_BYTES }).bytes);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    const reason = text.replace(/ \(os error \d+\).*$/, "");
    throw new HostError(`Cannot read "${path}": ${reason}`, { code, cause });
  }
}
