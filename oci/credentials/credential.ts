/** Credentials of registries. */

/** Credential of a registry. It never appears in errors, logs and addresses of requests. */
export type Credential =
  | {
    /** A user name and a password, or a token in place of a password. */
    readonly kind: "password";
    /** User name. */
    readonly username: string;
    /** Password. */
    readonly password: string;
  }
  | {
    /** `identitytoken`: exchanged for access tokens (OAuth 2 refresh token). */
    readonly kind: "refresh";
    /** Token. */
    readonly token: string;
  }
  | {
    /** `registrytoken`: sent to the registry unchanged. */
    readonly kind: "bearer";
    /** Token. */
    readonly token: string;
  };

/** Source of credentials. */
export interface CredentialSource {
  /** Returns the credential for a repository, or else for its registry. */
  get(registry: string, repository?: string): Promise<Credential | undefined>;
}
