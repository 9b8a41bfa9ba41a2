/** Errors for unexpected statuses. */
import { RegistryError, shorten } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import type { Answer } from "./answer.ts";
import { opening } from "./failure.ts";
import { retryAfterMs } from "./retry.ts";

/** Maximum bytes read of an error's body, and maximum characters shown. */
const MAX_BODY = 64 * 1024;
const MAX_SHOWN = 400;
/** Maximum characters of an error's `detail`. */
const MAX_DETAIL = 200;

/** Control and format characters, such as text direction marks, separators and lone surrogates. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

interface Meaning {
  readonly code: string;
  readonly text: string;
  readonly hint?: string;
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: { code: "UNAUTHORIZED", text: "Unauthorized", hint: "log in with wasm-bpf login REGISTRY" },
  403: {
    code: "DENIED",
    text: "Forbidden",
    hint: "ask the registry's owner for access, or log in as another user",
  },
  404: {
    code: "NOT_FOUND",
    text: "Not Found",
    hint: "check the name, or log in: some registries return this for private repositories",
  },
  405: {
    code: "UNSUPPORTED",
    text: "Method Not Allowed",
    hint: "check the registry's configuration",
  },
  407: {
    code: "DENIED",
    text: "Proxy Authentication Required",
    hint: "set HTTPS_PROXY with user name and password",
  },
  413: { code: "TOO_LARGE", text: "Content Too Large" },
  429: {
    code: "TOO_MANY_REQUESTS",
    text: "Too Many Requests",
    hint: "wait, or log in for a higher limit",
  },
};

/** Meanings after the registry received credentials. */
const MEANINGS_TO_KNOWN: Readonly<Record<number, Meaning>> = {
  401: {
    code: "UNAUTHORIZED",
    text: "Unauthorized",
    hint: "log in with other credentials: wasm-bpf login REGISTRY",
  },
  404: { code: "NOT_FOUND", text: "Not Found", hint: "check the name" },
};

/**
 * Returns an error for a response, with the messages of its body, which is consumed.
 *
 * @param registry name for `wasm-bpf login`
 * @param options.identified credentials were sent, so that the hint is not to log in
 */
export async function statusError(
  answer: Answer,
  registry: string,
  options: { identified: boolean } = { identified: false },
): Promise<RegistryError> {
  const { status, method, url } = answer;
  const meaning = (options.identified ? MEANINGS_TO_KNOWN[status] : undefined) ?? MEANINGS[status];
  const isUnavailable = [500, 502, 503, 504].includes(status);
  const said = saidBy(await answer.excerpt(MAX_BODY), answer.headers.get("content-type") ?? "");
  return new RegistryError(
    opening(answer) + [status, meaning?.text].filter(Boolean).join(" ") +
      (said === "" ? "" : `, ${said}`),
    {
      code: meaning?.code ?? (isUnavailable ? "UNAVAILABLE" : "REFUSED"),
      hint: meaning?.hint?.replace("REGISTRY", registry) ??
        (isUnavailable ? "try again later; the registry has an internal problem" : undefined),
      method,
      url,
      status,
      retryAfterMs: retryAfterMs(answer.headers.get("retry-after")),
    },
  );
}

/** Returns an error for a response that violates the specification. */
export function protocolError(answer: Answer, reason: string): RegistryError {
  const { status, method, url } = answer;
  return new RegistryError(opening(answer) + reason, {
    code: "PROTOCOL",
    hint: "check the address: the server does not follow the OCI distribution specification",
    method,
    url,
    status,
  });
}

/** Returns the messages in an error's body, safe for a terminal; empty without messages. */
export function saidBy(body: Uint8Array, contentType: string): string {
  try {
    const limits = { bytes: MAX_BODY, depth: 32, members: 10_000 };
    const json = readJson(body, { what: "an error", code: "BAD_JSON", limits });
    return visible(registryMessages(json) || oauthMessage(json));
  } catch {
    // HTML pages are too long for a message.
    return /^text\/plain/i.test(contentType) ? visible(new TextDecoder().decode(body)) : "";
  }
}

/** Returns the messages of a registry (distribution specification, "Error codes"); `detail` is any value. */
function registryMessages(json: JsonObject): string {
  return (json.objects("errors") ?? []).slice(0, 5)
    .map((error) => {
      const text = [error.string("code"), error.string("message")].filter(Boolean).join(": ");
      const detail = error.asText("detail") ?? "";
      const isEmpty = detail === "" || detail === "{}" || detail === "[]" || text.endsWith(detail);
      return isEmpty ? text : `${text} (${shorten(detail, MAX_DETAIL)})`.trimStart();
    })
    .filter((text) => text !== "").join("; ");
}

/** Returns the message of a token server, by RFC 6749, section 5.2, or as Docker's sends it. */
function oauthMessage(json: JsonObject): string {
  const names = ["error", "error_description", "details", "message"];
  return names.map((name) => json.string(name)).filter(Boolean).join(": ");
}

function visible(text: string): string {
  return shorten(text.slice(0, MAX_BODY).replace(UNFIT, " ").trim(), MAX_SHOWN);
}
