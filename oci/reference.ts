/** References to artifacts in registries (distribution specification; short forms of Docker Hub). */
import { type Digest, isDigest } from "./digest.ts";
import { ReferenceSyntaxError, withoutUserInfo } from "./errors.ts";
import { DOCKER_HUB, readRegistryName, withReferencePort } from "./registry_name.ts";

/** An artifact in a registry. */
export interface Reference {
  /** Host in normal form, with its port unless it is 443: `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
  /** Repository: lower case, with slashes. */
  readonly repository: string;
  /** Tag; absent only where there is a digest. A digest takes precedence. */
  readonly tag?: string;
  /** Digest of the manifest. */
  readonly digest?: Digest;
  /** Scheme before the reference, if any. It selects the transport and is not part of the name. */
  readonly scheme?: "http" | "https";
}

const MAX_REFERENCE = 4096;
/** Length of registry, slash and repository, as in the reference implementation. */
const MAX_NAME = 255;

/** Component of `<name>` (distribution specification, "Pulling manifests"). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Settings of {@linkcode parseReference}. */
export interface ReferenceOptions {
  /** Registry of references that name none. Default: Docker Hub. */
  defaultRegistry?: string | undefined;
}

/**
 * Parses a reference: `ghcr.io/you/tool`, `localhost:5000/x:v1`, `alpine@sha256:…`, with `oci://`,
 * `docker://`, `https://` or `http://` as an optional prefix. The default tag is `latest`.
 *
 * @throws {ReferenceSyntaxError}
 */
export function parseReference(text: string, options: ReferenceOptions = {}): Reference {
  if (text.length > MAX_REFERENCE) throw new ReferenceSyntaxError(text, "it is too long");
  const fail = (reason: string, hint?: string): never => {
    throw new ReferenceSyntaxError(text, reason, hint);
  };
  const [, scheme, rest = ""] = /^(?:(oci|docker|https?):\/\/)?([^]*)$/i.exec(text) ?? [];
  if (withoutUserInfo(rest) !== rest) {
    fail("it contains a user name", "use wasm-bpf login REGISTRY instead");
  }
  if (/[?#]/.test(rest)) {
    fail("it contains a query", "for the address of a module, use a path that ends in .wasm");
  }
  const { name, tag, digest } = splitName(rest, fail);
  const { registry, repository } = splitRegistry(name, scheme?.toLowerCase(), options, fail);
  checkRepository(repository, fail);
  if (registry.length + 1 + repository.length > MAX_NAME) {
    fail(`its name is longer than ${MAX_NAME} characters`);
  }
  const effectiveTag = tag ?? (digest === undefined ? "latest" : undefined);
  const http = /^https?$/i.test(scheme ?? "") ? scheme?.toLowerCase() as "http" : undefined;
  return {
    registry,
    repository,
    ...(effectiveTag === undefined ? {} : { tag: effectiveTag }),
    ...(digest === undefined ? {} : { digest }),
    ...(http === undefined ? {} : { scheme: http }),
  };
}

type Fail = (reason: string, hint?: string) => never;

/** Splits off tag and digest. The colon of a port precedes a slash, that of a tag follows the last one. */
function splitName(
  text: string,
  fail: Fail,
): { name: string; tag: string | undefined; digest: Digest | undefined } {
  if (text === "") fail("it is empty");
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (digest !== undefined && !isDigest(digest)) {
    fail("invalid digest after @", "a digest is sha256: and 64 hexadecimal digits");
  }
  if (tag !== undefined && !TAG.test(tag)) {
    fail("invalid tag", "a tag is at most 128 letters, digits, dots, dashes and underscores");
  }
  return {
    name: colon < 0 ? named : named.slice(0, colon),
    tag,
    digest: digest as Digest | undefined,
  };
}

function splitRegistry(
  name: string,
  scheme: string | undefined,
  options: ReferenceOptions,
  fail: Fail,
): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isRegistry = scheme !== undefined || first.toLowerCase() === "localhost" ||
    /[.:[]/.test(first);
  if (scheme !== undefined && slash < 0) {
    fail("a registry and a repository must follow the scheme");
  }
  const registry = isRegistry ? first : options.defaultRegistry ?? DOCKER_HUB;
  const repository = isRegistry ? name.slice(slash + 1) : name;
  const read = readRegistryName(registry, scheme);
  if (!("name" in read)) return fail(read.reason, read.hint);
  const canonical = withReferencePort(read.name, scheme);
  const isOfficial = canonical === DOCKER_HUB && !repository.includes("/");
  return { registry: canonical, repository: isOfficial ? `library/${repository}` : repository };
}

function checkRepository(repository: string, fail: Fail): void {
  if (repository === "") fail("no repository");
  if (isRepositoryName(repository)) return;
  fail(
    `${JSON.stringify(repository)} is not a valid repository name`,
    /[A-Z]/.test(repository)
      ? "use lower case"
      : "use lower-case letters and digits, separated by . _ - or /",
  );
}

/** Reports whether a text is a valid repository name: `you/tool`. */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME && text.split("/").every((component) => COMPONENT.test(component));
}

/** Reports whether a text is a valid tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Formats a complete reference: `docker.io/library/alpine:latest`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}` + (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`);
}
