/** Creates keys and certificates for test servers with `openssl`. */
import { succeed } from "./succeed.ts";

/** PEM files of a key and its certificate. */
export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];

/** Creates a self-signed certificate, such as that of a private authority, in `folder`. */
export async function selfSigned(folder: string, name: string): Promise<Certificate> {
  const made = filesOf(folder, name);
  await succeed("openssl", ...[
    ...["req", "-x509", "-days", "2", ...NEW_KEY, "-subj", `/CN=${name}`],
    ...["-keyout", made.keyFile, "-out", made.certificateFile],
  ]);
  return made;
}

/** Options of a certificate. */
export interface CertificateOptions {
  /** Names. Default: those of this machine. */
  readonly names?: string;
  /** True for a certificate that expired yesterday. */
  readonly expired?: boolean;
}

/** Creates a certificate for a server on the loopback interface, signed by `authority`. */
export async function loopbackCertificate(
  folder: string,
  authority: Certificate,
  options: CertificateOptions = {},
): Promise<Certificate> {
  const made = filesOf(folder, "loopback");
  const names = options.names ?? "DNS:localhost,IP:127.0.0.1";
  await succeed("openssl", ...[
    ...["req", "-x509", "-days", "2", ...NEW_KEY, "-subj", "/CN=loopback"],
    ...["-CA", authority.certificateFile, "-CAkey", authority.keyFile],
    ...["-addext", `subjectAltName=${names}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", made.keyFile, "-out", made.certificateFile],
  ]);
  if (options.expired === true) await signAgain(made, authority);
  return made;
}

/** Signs a request with a past validity, which openssl supports only for requests. */
async function signAgain(made: Certificate, authority: Certificate): Promise<void> {
  const request = `${made.certificateFile}.request`;
  const extensions = ["-copy_extensions", "copy"];
  await succeed("openssl", ...[
    ...["x509", "-x509toreq", "-in", made.certificateFile, "-signkey", made.keyFile],
    ...["-out", request, ...extensions],
  ]);
  await succeed("openssl", ...[
    ...["x509", "-req", "-in", request, "-out", made.certificateFile, "-days", "-1"],
    ...["-CA", authority.certificateFile, "-CAkey", authority.keyFile, "-set_serial", "1"],
    ...extensions,
  ]);
}

function filesOf(folder: string, name: string): Certificate {
  return { keyFile: `${folder}/${name}.key`, certificateFile: `${folder}/${name}.pem` };
}
