/** HTTP endpoint of metrics. */
import { namesThisMachine, refusal, SAFE_HEADERS, type Token } from "../http/guards.ts";
import type { Handler } from "../http/connections.ts";
import { isLoopback, type Listen } from "../settings.ts";
import { type Exposition, exposition } from "./exposition.ts";
import type { Registry } from "./registry.ts";

/** Parts of an endpoint. */
export interface MetricsEndpoint {
  readonly registry: Registry;
  readonly token: Token | undefined;
  readonly isTls: boolean;
  /** Returns the address once it is known. */
  address(): Listen;
  /** Called before the series are read. */
  refresh(): void;
}

/** Returns the handler of `/metrics`. */
export function metricsHandler(parts: MetricsEndpoint): Handler {
  return (request) => {
    const { token, isTls } = parts;
    const address = parts.address();
    const isOpen = token === undefined && !isTls && isLoopback(address.host);
    if (isOpen && !namesThisMachine(request, { ...address, isTls })) {
      return refusal(421, "name this machine by its address, or as localhost");
    }
    if (token !== undefined && !token.isIn(request)) {
      return refusal(401, "unauthorized", { "www-authenticate": "Bearer" });
    }
    const { pathname } = new URL(request.url);
    if (pathname !== "/metrics") return refusal(404, "not found: metrics are at /metrics");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refusal(405, "method not allowed", { allow: "GET, HEAD" });
    }
    parts.refresh();
    return respond(exposition(parts.registry, request.headers.get("accept")), request.method);
  };
}

function respond({ type, body }: Exposition, method: string): Response {
  const headers = { ...SAFE_HEADERS, "content-type": type };
  return new Response(method === "HEAD" ? null : body, { headers });
}
