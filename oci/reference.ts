/** References: which artifact of which registry (distribution specification; Docker Hub's short forms). */
import { type Digest, isDigest } from "./digest.ts";
import { ReferenceSyntaxError, withoutUserInfo } from "./errors.ts";
import { DOCKER_HUB, readRegistryName, withReferencePort } from "./registry_name.ts";

/** An artifact in a registry. */
export interface Reference {
  /** Host in normal form, with its port unless that is TLS's own: `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
  /** The artifact's name there: lower case, with slashes. */
  readonly repository: string;
  /** Absent only where there is a digest. Where both are, the digest counts. */
  readonly tag?: string;
  /** Which manifest, whatever the tag stands for by now. */
  readonly digest?: Digest;
  /** The scheme that stood in front, if any: how to reach the registry, not part of the name. */
  readonly scheme?: "http" | "https";
}

const MAX_REFERENCE = 4096;
/** Of registry, slash and repository: what the reference implementation allows. */
const MAX_NAME = 255;

/** Distribution specification, "Pulling manifests": `<name>`. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Settings of {@linkcode parseReference}. */
export interface ReferenceOptions {
  /** The registry of names without one, instead of Docker Hub. */
  defaultRegistry?: string | undefined;
}

/**
 * Reads a reference: `ghcr.io/you/tool`, `localhost:5000/x:v1`, `alpine@sha256:…`, with `oci://`,
 * `docker://`, `https://` or `http://` in front or not. Without tag and digest it is `latest`.
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
    fail("it has a user name in it", "log in instead: wasm-bpf login REGISTRY");
  }
  if (/[?#]/.test(rest)) {
    fail("an address with a query is none", "the path of a module's address ends in .wasm");
  }
  const { name, tag, digest } = splitName(rest, fail);
  const { registry, repository } = splitRegistry(name, scheme?.toLowerCase(), options, fail);
  checkRepository(repository, fail);
  if (registry.length + 1 + repository.length > MAX_NAME) {
    fail(`its name is longer than ${MAX_NAME}`);
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

/** Takes tag and digest off the end. A port's colon stands before a slash, a tag's behind the last. */
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
    fail("what follows @ is no digest", "a digest is sha256: and 64 hexadecimal digits");
  }
  if (tag !== undefined && !TAG.test(tag)) {
    fail("its tag is none", "a tag is at most 128 letters, digits, dots, dashes and underscores");
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
    fail("a registry and a repository belong behind the scheme");
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
  if (repository === "") fail("it names no repository");
  if (isRepositoryName(repository)) return;
  fail(
    `${JSON.stringify(repository)} is no repository's name`,
    /[A-Z]/.test(repository)
      ? "names are in lower case"
      : "names are lower-case letters and digits, with . _ or - between them, and slashes",
  );
}

/** Whether a text can name a repository: `you/tool`. */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME && text.split("/").every((component) => COMPONENT.test(component));
}

/** Whether a text can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** The reference as text, whole: `docker.io/library/alpine:latest`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}` + (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`);
}
