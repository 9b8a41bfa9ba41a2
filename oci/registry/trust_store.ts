/** Certificate authorities of the machine and of the user. */
import { fileFailure, HostError } from "../errors.ts";
import { IrregularFile, readRegularFile } from "../paths/regular_file.ts";

/** Maximum size; lists of systems have 200 to 500 kB. */
const MAX_BYTES = 16 * 1024 ** 2;

/** Paths of the machine's list in distributions; the first existing one counts, as for OpenSSL and Go. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Directories of docker and podman for authorities per registry: `HOST/*.crt`, `HOST:PORT/*.crt`. */
const REGISTRY_FOLDERS = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Returns the authorities of the machine, in addition to Deno's built-in list, as PEM texts.
 * `SSL_CERT_FILE` replaces the machine's list, as for other programs.
 */
export function machineAuthorities(): string[] {
  const given = Deno.env.get("SSL_CERT_FILE");
  for (const path of given === undefined || given === "" ? BUNDLES : [given]) {
    try {
      return usableCertificates(readText(path));
    } catch {
      // Missing or unreadable lists are not an error: Deno has its own.
    }
  }
  return [];
}

/**
 * Checks the lists that Deno reads by itself, without a bound, when it makes its first client: the files of
 * `SSL_CERT_FILE` and `DENO_CERT`, and each file in `SSL_CERT_DIR`. Missing ones are Deno's to report.
 *
 * @throws {HostError} `CERTIFICATES` for a device, a pipe or a file above 16 MiB
 */
export function checkDenosLists(): void {
  for (const name of ["SSL_CERT_FILE", "DENO_CERT"]) checkList(name, Deno.env.get(name) ?? "");
  for (const folder of (Deno.env.get("SSL_CERT_DIR") ?? "").split(":")) {
    if (folder === "") continue;
    for (const name of filesIn(folder)) checkList("SSL_CERT_DIR", `${folder}/${name}`);
  }
}

function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function checkList(variable: string, path: string): void {
  if (path === "") return;
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    return;
  }
  if (info.isDirectory || (info.isFile && info.size <= MAX_BYTES)) return;
  const reason = info.isFile ? `larger than ${MAX_BYTES} bytes` : "not a regular file";
  throw new HostError(`Cannot use the certificates in "${path}": ${reason}`, {
    code: "CERTIFICATES",
    hint: `check ${variable} in the environment`,
  });
}

/**
 * Returns the authorities that the administrator configured for one host, for docker or podman. They are
 * trusted for that host only.
 *
 * @param host with its port, unless that is 443
 */
export function hostAuthorities(host: string, folders = REGISTRY_FOLDERS): string[] {
  const names = /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
  return folders.flatMap((folder) => names.map((name) => `${folder}/${name}`)).flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)]
        .filter(({ name }) => name.endsWith(".crt"))
        .flatMap(({ name }) => usableCertificates(readText(`${folder}/${name}`)));
    } catch {
      // Most hosts have no directory.
      return [];
    }
  });
}

/**
 * Reads the authorities of a file that the user named.
 *
 * @throws {HostError} with an errno name, or `BAD_CERTIFICATE`
 */
export function authoritiesOf(path: string): string[] {
  let text: string;
  try {
    text = readText(path);
  } catch (cause) {
    const { code, reason } = cause instanceof IrregularFile
      ? { code: cause.code, reason: cause.message }
      : fileFailure(cause);
    throw new HostError(`Cannot read the certificates in "${path}": ${reason}`, { code, cause });
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !isUsable(certificates)) {
    throw new HostError(`Cannot use the certificates in "${path}": not in PEM format`, {
      code: "BAD_CERTIFICATE",
      hint: "use a file that starts with -----BEGIN CERTIFICATE-----",
    });
  }
  return certificates;
}

function readText(path: string): string {
  return new TextDecoder().decode(readRegularFile(path, { maxBytes: MAX_BYTES }).bytes);
}

/** Returns all certificates as one text if each is valid, as usual; else the valid ones. */
function usableCertificates(text: string): string[] {
  const certificates = text.match(CERTIFICATE) ?? [];
  return isUsable(certificates) ? certificates : certificates.filter((one) => isUsable([one]));
}

function isUsable(caCerts: string[]): boolean {
  try {
    Deno.createHttpClient({ caCerts }).close();
    return true;
  } catch {
    return false;
  }
}
