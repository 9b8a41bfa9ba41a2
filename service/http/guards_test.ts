import assert from "node:assert/strict";
import { namesThisMachine } from "./guards.ts";

function isNamed(host: string, port: number): boolean {
  const request = new Request("http://127.0.0.1/", { headers: { host } });
  return namesThisMachine(request, { host: "127.0.0.1", port });
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
