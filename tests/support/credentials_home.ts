/** Home directories with files and helpers of credentials. */
import { type Credential, storedCredentials, type Surroundings } from "../../oci/mod.ts";

/** Home directory of a user, with programs in its `bin`. */
export class Home implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "wasm-bpf-home-" });
  readonly odd: string[] = [];
  readonly env: Record<string, string> = { HOME: this.path };

  readonly around: Surroundings = {
    env: (name) => this.env[name],
    uid: 4_000_000,
    passwd: () => "",
  };

  write(path: string, document: unknown, mode = 0o600): string {
    const whole = `${this.path}/${path}`;
    Deno.mkdirSync(whole.replace(/\/[^/]*$/, ""), { recursive: true });
    const text = typeof document === "string" ? document : JSON.stringify(document);
    Deno.writeTextFileSync(whole, text, { mode });
    return whole;
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.path}/${path}`);
  }

  get(
    registry: string,
    repository?: string,
    /** Time of a helper, if not the default: on a busy machine, a shell starts slowly. */
    { helperTimeoutMs }: { helperTimeoutMs?: number } = {},
  ): Promise<Credential | undefined> {
    const options = {
      around: this.around,
      onOdd: (text: string) => void this.odd.push(text),
      helperTimeoutMs,
    };
    return storedCredentials(options).get(registry, repository);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

export const auth = (text: string): { auth: string } => ({ auth: btoa(text) });

export const password = (username: string, password: string): Credential => ({
  kind: "password",
  username,
  password,
});

/** Helper that stores its credentials in a file next to it. */
export const HELPER = `#!/bin/sh
file=$0.kept
case $1 in
get) read -r url; [ -e "$file" ] && grep -qF "\\"$url\\"" "$file" && exec cat "$file"
	echo "credentials not found in native keychain"; exit 1 ;;
store) cat >"$file" ;;
erase) rm -f "$file" ;;
esac
`;

/** Installs a program in `PATH`. */
export function helper(home: Home, name: string, script: string): Disposable {
  home.write(`bin/docker-credential-${name}`, script, 0o755);
  const before = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${home.path}/bin:${before}`);
  return { [Symbol.dispose]: () => Deno.env.set("PATH", before) };
}

/** Root, without sudo. */
export function underSudo(home: Home): Surroundings {
  const passwd = `nobody:x:65534:65534::${home.path}:/bin/sh\n`;
  const env: Record<string, string> = { HOME: "/nonexistent", SUDO_UID: "65534" };
  return { env: (name) => env[name], uid: 0, passwd: () => passwd };
}

export const isRoot = Deno.uid() === 0;

export const ANN = { kind: "password", username: "ann", password: "se:cret" } as const;

/** Root with an inherited `DOCKER_CONFIG`, under sudo of `caller` if given. */
export function rootWith(home: Home, { caller }: { caller?: number } = {}): Surroundings {
  const passwd = `root:x:0:0::/root:/bin/sh\nann:x:${caller}:1::${home.path}:/bin/sh\n`;
  const env: Record<string, string> = {
    DOCKER_CONFIG: `${home.path}/.docker`,
    ...(caller === undefined ? {} : { SUDO_UID: String(caller) }),
  };
  return { env: (name) => env[name], uid: 0, passwd: () => passwd };
}
