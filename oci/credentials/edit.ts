/** Changes credential files for `login` and `logout`; other content stays unchanged. */
import {
  type AuthFile,
  type Credential,
  entryKey,
  keeperOf,
  parseAuthFile,
  toolKeys,
} from "./auth_file.ts";
import { CredentialError } from "./errors.ts";
import { type CredentialHelper, helperOf } from "./helper.ts";
import {
  type Content,
  type Location,
  locations,
  loginLocation,
  readLocation,
  type Surroundings,
  surroundings,
} from "./locations.ts";
import { writePrivateFile } from "./private_file.ts";

/** Place where a credential was stored or removed. */
export interface KeptIn {
  /** File that holds it, or names the helper that does. */
  readonly path: string;
  /** Helper that has it; undefined when the file itself does. */
  readonly helper: string | undefined;
}

type Members = Record<string, unknown>;

/**
 * Stores a user name and a password for a registry, in the configured helper or else in the file.
 *
 * @throws {CredentialError} when it cannot be stored; the file is then unchanged
 */
export async function keepCredential(
  registry: string,
  credential: Credential & { kind: "password" },
  around: Surroundings = surroundings(),
): Promise<KeptIn> {
  const location = loginLocation(around);
  if (location === undefined) {
    throw new CredentialError("Cannot store credentials: HOME is not set", {
      code: "ENOENT",
      hint: "set HOME, DOCKER_CONFIG or REGISTRY_AUTH_FILE",
    });
  }
  const { document, file, indent, rights } = open(location, around);
  const { helper, isClear } = keeperOf(file, registry);
  if (!isClear) throw unclearHelper(location, registry);
  const auths = membersOf(document["auths"]);
  for (const key of keysOf(auths, [registry])) delete auths[key];
  const [key = registry] = toolKeys(registry, location);
  if (helper !== undefined) await helperOf(helper, rights, location).store(key, credential);
  const bytes = new TextEncoder().encode(`${credential.username}:${credential.password}`);
  // With a helper, docker leaves an empty entry for its logout.
  auths[key] = helper === undefined ? { auth: bytes.toBase64() } : {};
  write(location.path, { ...document, auths }, indent);
  return { path: location.path, helper };
}

/**
 * Removes the credentials of a registry from the user's own files.
 *
 * @returns the places that had one
 * @throws {CredentialError} when a credential cannot be removed
 */
export async function forgetCredential(
  registry: string,
  around: Surroundings = surroundings(),
): Promise<KeptIn[]> {
  const found: KeptIn[] = [];
  for (const location of locations(around)) {
    if (location.owner !== undefined) continue;
    const { document, file, indent, rights } = open(location, around);
    const { helper, names } = keeperOf(file, registry);
    if (helper !== undefined) {
      const program = helperOf(helper, rights, location);
      const hadSome = await erase(program, toolKeys(registry, location));
      if (hadSome) found.push({ path: location.path, helper });
    }
    const auths = membersOf(document["auths"]);
    const keys = keysOf(auths, names);
    if (keys.length === 0) continue;
    for (const key of keys) delete auths[key];
    write(location.path, { ...document, auths }, indent);
    if (helper === undefined) found.push({ path: location.path, helper });
  }
  return found;
}

/** Removes credentials from a helper and reports whether it had some under any of these keys. */
async function erase(helper: CredentialHelper, keys: readonly string[]): Promise<boolean> {
  let hadSome = false;
  for (const key of keys) {
    if (await helper.get(key) === undefined) continue;
    await helper.erase(key);
    hadSome = true;
  }
  return hadSome;
}

/** Error for an invalid helper: a user who configured one must not find the password in the file. */
function unclearHelper({ path }: Location, registry: string): CredentialError {
  const what = `the helper for ${registry} is invalid`;
  return new CredentialError(`Cannot store credentials in "${path}": ${what}`, {
    code: "BAD_CREDENTIAL",
    hint: "set credsStore to the name of a program, and credHelpers to one per registry",
  });
}

interface OpenedFile {
  readonly document: Members;
  readonly file: AuthFile;
  readonly indent: string;
  readonly rights: Pick<Content, "runAs" | "noHelpers">;
}

/** Reads a file, both as a document to change and as parsed credentials. */
function open(location: Location, around: Surroundings): OpenedFile {
  const read = readLocation(location, around);
  const bytes = read?.bytes.length ? read.bytes : new TextEncoder().encode("{}");
  const rights = { runAs: read?.runAs, noHelpers: read?.noHelpers };
  try {
    const file = parseAuthFile(bytes, location.path);
    const text = new TextDecoder().decode(bytes);
    const indent = /^\{\s*\n([ \t]+)"/.exec(text)?.[1] ?? "\t";
    return { document: membersOf(JSON.parse(text)), file, indent, rights };
  } catch (cause) {
    throw new CredentialError(`Cannot change "${location.path}": not JSON`, {
      code: "BAD_JSON",
      hint: "repair or move the file; nothing was changed",
      cause,
    });
  }
}

/** Returns members without a prototype, so that every name is a plain one. */
function membersOf(value: unknown): Members {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return Object.assign(Object.create(null), isObject ? value : {});
}

/** Returns the keys of a registry in a file, in the spelling of any tool. */
function keysOf(auths: Members, names: readonly string[]): string[] {
  return Object.keys(auths).filter((key) => names.includes(entryKey(key) ?? ""));
}

function write(path: string, document: Members, indent: string): void {
  writePrivateFile(path, new TextEncoder().encode(`${JSON.stringify(document, null, indent)}\n`));
}
