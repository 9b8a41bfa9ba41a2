import assert from "node:assert/strict";
import { maySeeCredentials, readRealm } from "./realm.ts";

function may(registry: string, realm: string, trusted: string[] = []): boolean {
  return maySeeCredentials(new URL(realm), registry, trusted.map(readRealm));
}

Deno.test("maySeeCredentials() allows the registry's host, its parent domains and known servers", () => {
  const good = {
    "docker.io": ["https://auth.docker.io/token", "https://registry-1.docker.io/token"],
    "ghcr.io": ["https://ghcr.io/token", "https://ghcr.io:8443/token"],
    "registry.gitlab.com": ["https://gitlab.com/jwt/auth"],
    "you.azurecr.io": ["https://you.azurecr.io/oauth2/token"],
    "registry.digitalocean.com": ["https://api.digitalocean.com/v2/registry/auth"],
    "127.0.0.1:5000": ["http://127.0.0.1:5001/token"],
    "[::1]:5000": ["http://[::1]:5001/token"],
    "registry:443": ["https://registry:8443/token"],
  };
  for (const [registry, realms] of Object.entries(good)) {
    for (const realm of realms) assert.ok(may(registry, realm), `${registry} ${realm}`);
  }
});

Deno.test("maySeeCredentials() refuses siblings, children and similar names", () => {
  const bad = {
    "docker.io": ["https://auth.docker.io.evil.example/", "http://auth.docker.io/token"],
    "ghcr.io": ["https://evil.example/token", "https://auth.ghcr.io/", "https://xghcr.io/"],
    "you.github.io": ["https://evil.github.io/token", "https://io/token"],
    "github.io": ["https://evil.github.io/token"],
    "1.ecr.us-east-1.amazonaws.com": ["https://2.ecr.us-east-1.amazonaws.com/"],
    "127.0.0.1:5000": ["http://127.0.0.2:5000/", "http://localhost:5000/", "http://0.0.1/"],
    "registry.example.com": ["https://auth.example.com/", "https://com/"],
    "constructor": ["https://evil.example/"],
  };
  for (const [registry, realms] of Object.entries(bad)) {
    for (const realm of realms) assert.ok(!may(registry, realm), `${registry} ${realm}`);
  }
});

Deno.test("maySeeCredentials() allows trusted hosts, with a port only that port", () => {
  const registry = "registry.example.com";
  assert.ok(may(registry, "https://auth.example.com/", ["Auth.Example.com"]));
  assert.ok(may(registry, "https://auth.example.com:8443/", ["auth.example.com"]));
  assert.ok(may(registry, "https://auth.example.com:8443/", ["auth.example.com:8443"]));
  assert.ok(!may(registry, "https://auth.example.com/", ["auth.example.com:8443"]));
  assert.ok(may(registry, "https://auth.example.com/", ["auth.example.com:443"]));
  assert.ok(!may(registry, "https://auth.example.com:8443/", ["auth.example.com:443"]));
  assert.ok(!may(registry, "http://auth.example.com/", ["auth.example.com:443"]));
  assert.ok(!may(registry, "https://x.auth.example.com/", ["auth.example.com"]));
});

Deno.test("readRealm() refuses hosts that are not in normal form", () => {
  for (const text of ["", "https://a.example", "a.example/x", "127.1", "a.example:0443"]) {
    assert.throws(() => readRealm(text), { code: "BAD_REALM" }, text);
  }
});
