/** What a registry may ask for. */

/** Something that proves who asks. It is kept out of errors, logs and the address of requests. */
export type Credential =
  | {
    /** A name and a password, or a token that takes a password's place. */
    readonly kind: "password";
    /** The name. */
    readonly username: string;
    /** The password. */
    readonly password: string;
  }
  | {
    /** `identitytoken`: buys access tokens (OAuth 2 refresh token). */
    readonly kind: "refresh";
    /** The token. */
    readonly token: string;
  }
  | {
    /** `registrytoken`: shown to the registry as it is. */
    readonly kind: "bearer";
    /** The token. */
    readonly token: string;
  };

/** Where credentials are kept. */
export interface CredentialSource {
  /** What there is for a registry, and for a repository where that has its own. */
  get(registry: string, repository?: string): Promise<Credential | undefined>;
}
