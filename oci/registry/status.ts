/** An answer that is not the one that was hoped for, as an error. */
import { RegistryError, shorten } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import type { Answer } from "./answer.ts";
import { opening } from "./failure.ts";
import { retryAfterMs } from "./retry.ts";

/** Of what a registry says about an error, so much is read, and so many characters shown. */
const MAX_BODY = 64 * 1024;
const MAX_SHOWN = 400;
/** Of an error's `detail`. */
const MAX_DETAIL = 200;

/** Control and format characters, such as those that turn text around, separators and lone surrogates. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

interface Meaning {
  readonly code: string;
  readonly text: string;
  readonly hint?: string;
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: { code: "UNAUTHORIZED", text: "Unauthorized", hint: "log in: wasm-bpf login REGISTRY" },
  403: {
    code: "DENIED",
    text: "Forbidden",
    hint: "these credentials may not do that: ask the registry's owner, or log in as somebody else",
  },
  404: {
    code: "NOT_FOUND",
    text: "Not Found",
    hint: "check the name; some registries answer so until one has logged in",
  },
  405: { code: "UNSUPPORTED", text: "Method Not Allowed", hint: "the registry does not allow it" },
  407: {
    code: "DENIED",
    text: "Proxy Authentication Required",
    hint: "put name and password into HTTPS_PROXY",
  },
  413: { code: "TOO_LARGE", text: "Content Too Large" },
  429: {
    code: "TOO_MANY_REQUESTS",
    text: "Too Many Requests",
    hint: "wait; registries allow more to those who log in",
  },
};

/** The same to somebody whose credentials the registry has seen. */
const MEANINGS_TO_KNOWN: Readonly<Record<number, Meaning>> = {
  401: {
    code: "UNAUTHORIZED",
    text: "Unauthorized",
    hint:
      "the registry does not take these credentials for it: wasm-bpf login REGISTRY with others",
  },
  404: { code: "NOT_FOUND", text: "Not Found", hint: "check the name" },
};

/**
 * Reads what the server says about it, and makes an error of an answer. The body is used up.
 *
 * @param registry as `wasm-bpf login` takes it
 * @param options.identified credentials were shown: then to log in is not what is missing
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
        (isUnavailable ? "the registry is in trouble: try again later" : undefined),
      method,
      url,
      status,
      retryAfterMs: retryAfterMs(answer.headers.get("retry-after")),
    },
  );
}

/** An answer against the specification. */
export function protocolError(answer: Answer, reason: string): RegistryError {
  const { status, method, url } = answer;
  return new RegistryError(opening(answer) + reason, {
    code: "PROTOCOL",
    hint: "this does not follow the OCI distribution specification: is it a registry?",
    method,
    url,
    status,
  });
}

/** The messages in an error's body, fit to be shown; empty when there are none. */
export function saidBy(body: Uint8Array, contentType: string): string {
  try {
    const limits = { bytes: MAX_BODY, depth: 32, members: 10_000 };
    const json = readJson(body, { what: "an error", code: "BAD_JSON", limits });
    return visible(registryMessages(json) || oauthMessage(json));
  } catch {
    // A page of HTML says nothing that fits here.
    return /^text\/plain/i.test(contentType) ? visible(new TextDecoder().decode(body)) : "";
  }
}

/** Distribution specification, "Error codes": `detail` may be anything. */
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

/** Token servers say it as RFC 6749, section 5.2 does, or as Docker's does. */
function oauthMessage(json: JsonObject): string {
  const names = ["error", "error_description", "details", "message"];
  return names.map((name) => json.string(name)).filter(Boolean).join(": ");
}

function visible(text: string): string {
  return shorten(text.slice(0, MAX_BODY).replace(UNFIT, " ").trim(), MAX_SHOWN);
}
