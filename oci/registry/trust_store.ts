/** Certificate authorities: the machine's own, and private ones. */
import { HostError } from "../errors.ts";
import { fileFailure } from "../file_failure.ts";
import { IrregularFile, readRegularFile } from "../paths/regular_file.ts";

/** Systems' lists of authorities have 200 to 500 kB. */
const MAX_BYTES = 16 * 1024 ** 2;

/** Where distributions keep the machine's list; the first that is there counts, as for OpenSSL and Go. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Where docker and podman look for the authorities of one registry: `HOST/*.crt`, `HOST:PORT/*.crt`. */
const REGISTRY_FOLDERS = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What the machine trusts beside the list that is built into Deno, as PEM texts. `SSL_CERT_FILE` takes
 * the place of the machine's list, as it does for other programs.
 */
export function machineAuthorities(): string[] {
  const given = Deno.env.get("SSL_CERT_FILE");
  for (const path of given === undefined || given === "" ? BUNDLES : [given]) {
    try {
      return usableCertificates(readText(path));
    } catch {
      // A list that is missing or cannot be read is no reason to fail: Deno has its own.
    }
  }
  return [];
}

/**
 * What the machine's administrator has put down for one host, for docker or podman. It is trusted for
 * that host only.
 *
 * @param host with its port, if that is not TLS's own
 */
export function hostAuthorities(host: string, folders = REGISTRY_FOLDERS): string[] {
  const names = /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
  return folders.flatMap((folder) => names.map((name) => `${folder}/${name}`)).flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)]
        .filter(({ name }) => name.endsWith(".crt"))
        .flatMap(({ name }) => usableCertificates(readText(`${folder}/${name}`)));
    } catch {
      // Most hosts have none.
      return [];
    }
  });
}

/**
 * The authorities of a file that the user named.
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
    throw new HostError(`Cannot read the certificates in ${path}: ${reason}`, { code, cause });
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !isUsable(certificates)) {
    throw new HostError(`Cannot use the certificates in ${path}: they are not in PEM`, {
      code: "BAD_CERTIFICATE",
      hint: "the file of a certificate authority starts with -----BEGIN CERTIFICATE-----",
    });
  }
  return certificates;
}

function readText(path: string): string {
  return new TextDecoder().decode(readRegularFile(path, { maxBytes: MAX_BYTES }).bytes);
}

/** All of them at once where each one is fit, which is the rule; else those that are. */
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
