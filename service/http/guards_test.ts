import assert from "node:assert/strict";
import { isOwnOrigin, namesThisMachine } from "./guards.ts";

function isNamed(host: string, port: number, isTls = false): boolean {
  const request = new Request("http://127.0.0.1/", { headers: { host } });
  return namesThisMachine(request, { host: "127.0.0.1", port, isTls });
}

Deno.test("namesThisMachine() takes loopback addresses and localhost with the port", () => {
  for (const host of ["127.0.0.1:9435", "127.1.2.3:9435", "localhost:9435", "[::1]:9435"]) {
    assert.ok(isNamed(host, 9435), host);
  }
  for (
    const host of [
      ...["", "localhost", "127.0.0.1:9436", "127.0.0.1.evil.example:9435", "evil.example:9435"],
      ...["localhost:9435:9435", "[::1", "localhost.:9435", "0x7f.1:9435", "user@localhost:9435"],
    ]
  ) {
    assert.ok(!isNamed(host, 9435), host);
  }
});

Deno.test("namesThisMachine() takes a host without a port as port 80", () => {
  assert.ok(isNamed("localhost", 80));
  assert.ok(isNamed("127.0.0.1:80", 80));
  assert.ok(!isNamed("evil.example", 80));
});

Deno.test("namesThisMachine() takes every name that a certificate can have, by TLS", () => {
  assert.ok(isNamed("host.example:9435", 9435, true));
  assert.ok(isNamed("host.example", 443, true));
  for (const host of ["", "host.example", "host.example:80", "[::1", "a:1:9435"]) {
    assert.ok(!isNamed(host, 9435, true), host);
  }
  // HTTP/2 has no Host.
  const request = new Request("https://host.example:9435/feed");
  const served = { host: "0.0.0.0", port: 9435, isTls: true };
  assert.ok(namesThisMachine(request, served));
  assert.ok(isOwnOrigin(request, served));
  const from = (origin: string) =>
    isOwnOrigin(new Request(request.url, { headers: { origin } }), served);
  assert.ok(from("https://host.example:9435"));
  for (const origin of ["http://host.example:9435", "https://other.example:9435", "null"]) {
    assert.ok(!from(origin), origin);
  }
});
