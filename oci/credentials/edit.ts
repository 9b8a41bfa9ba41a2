/** Changes the file of credentials for `login` and `logout`, and leaves alone what is not theirs. */
import { type AuthFile, entryKey, keeperOf, parseAuthFile, toolKeys } from "./auth_file.ts";
import type { Credential } from "./credential.ts";
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

/** Where something was kept or taken away. */
export interface KeptIn {
  /** The file that holds it, or names the program that does. */
  readonly path: string;
  /** The program that has it, when that is not the file itself. */
  readonly helper: string | undefined;
}

type Members = Record<string, unknown>;

/**
 * Keeps a name and a password for a registry: with the helper that is set for it, else in the file.
 *
 * @throws {CredentialError} when it cannot be kept; the file is as it was then
 */
export async function keepCredential(
  registry: string,
  credential: Credential & { kind: "password" },
  around: Surroundings = surroundings(),
): Promise<KeptIn> {
  const location = loginLocation(around);
  if (location === undefined) {
    throw new CredentialError("Cannot keep credentials: HOME is not set", {
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
  // With a helper, docker leaves an empty entry, which tells its logout.
  auths[key] = helper === undefined ? { auth: bytes.toBase64() } : {};
  write(location.path, { ...document, auths }, indent);
  return { path: location.path, helper };
}

/**
 * Takes away what is kept for a registry in files that are one's own.
 *
 * @returns where there was something
 * @throws {CredentialError} when something cannot be taken away
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

/** Whether the helper had something, under any of these keys. */
async function erase(helper: CredentialHelper, keys: readonly string[]): Promise<boolean> {
  let hadSome = false;
  for (const key of keys) {
    if (await helper.get(key) === undefined) continue;
    await helper.erase(key);
    hadSome = true;
  }
  return hadSome;
}

/** Who wanted a helper must not find the password in the file. */
function unclearHelper({ path }: Location, registry: string): CredentialError {
  const what = `its helper for ${registry} is not understood`;
  return new CredentialError(`Cannot keep credentials in ${path}: ${what}`, {
    code: "BAD_CREDENTIAL",
    hint: "credsStore is a program's name, and credHelpers one for each registry: repair it",
  });
}

interface OpenedFile {
  readonly document: Members;
  readonly file: AuthFile;
  readonly indent: string;
  readonly rights: Pick<Content, "runAs" | "noHelpers">;
}

/** The file as it is: for changing it, and as it is understood. */
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
    throw new CredentialError(`Cannot change ${location.path}: it is not JSON`, {
      code: "BAD_JSON",
      hint: "repair it or move it away; nothing was changed",
      cause,
    });
  }
}

/** Without a prototype, so that no member's name means anything else. */
function membersOf(value: unknown): Members {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return Object.assign(Object.create(null), isObject ? value : {});
}

/** The keys under which a registry's credentials may stand, whoever wrote them. */
function keysOf(auths: Members, names: readonly string[]): string[] {
  return Object.keys(auths).filter((key) => names.includes(entryKey(key) ?? ""));
}

function write(path: string, document: Members, indent: string): void {
  writePrivateFile(path, new TextEncoder().encode(`${JSON.stringify(document, null, indent)}\n`));
}
