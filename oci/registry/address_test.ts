import assert from "node:assert/strict";
import { isAllowed, isSameOrigin, nextAddress } from "./address.ts";

const strict = { plainHttp: false };
const next = (location: string | null, from = "https://a.example/v2/x", policy = strict) => {
  const url = nextAddress(location, new URL(from), policy);
  return typeof url === "string" ? undefined : url.href;
};

Deno.test("nextAddress() follows relative and absolute addresses with TLS", () => {
  assert.equal(next("/y?z"), "https://a.example/y?z");
  assert.equal(next("y"), "https://a.example/v2/y");
  assert.equal(next("//b.example/y"), "https://b.example/y");
  assert.equal(next("https://b.example:8443/y#z"), "https://b.example:8443/y");
});

Deno.test("nextAddress() never follows from TLS to another scheme", () => {
  for (
    const to of [
      "http://b.example/",
      "http://127.0.0.1/",
      "ftp://a.example/",
      "file:///x",
      "data:,",
    ]
  ) {
    assert.equal(next(to), undefined, to);
    assert.equal(next(to, undefined, { plainHttp: true }), undefined, to);
  }
});

Deno.test("nextAddress() changes http to https for the same host", () => {
  assert.equal(next("http://a.example/y"), "https://a.example/y");
  assert.equal(
    next("http://a.example:80/y", "https://a.example:8443/"),
    "https://a.example:8443/y",
  );
});

Deno.test("nextAddress() follows from loopback to loopback or TLS, and elsewhere when allowed", () => {
  const from = "http://127.0.0.1:5000/v2/";
  assert.equal(next("http://localhost:5001/y", from), "http://localhost:5001/y");
  assert.equal(next("https://b.example/y", from), "https://b.example/y");
  assert.equal(next("http://b.example/y", from), undefined);
  assert.equal(next("http://b.example/y", from, { plainHttp: true }), "http://b.example/y");
  assert.equal(next("file:///etc/passwd", from, { plainHttp: true }), undefined);
});

Deno.test("nextAddress() removes users and passwords", () => {
  assert.equal(next("https://user:secret@b.example/y"), "https://b.example/y");
});

Deno.test("nextAddress() reports a missing address", () => {
  for (const to of [null, "http://[", "https://"]) assert.equal(next(to), undefined);
});

Deno.test("isAllowed() and isSameOrigin() compare scheme, host and port", () => {
  assert.ok(isAllowed(new URL("http://[::1]:5000/"), strict));
  assert.ok(!isAllowed(new URL("http://127.0.0.1.example/"), strict));
  assert.ok(isSameOrigin(new URL("https://a/x"), new URL("https://a:443/y")));
  for (const other of ["http://a/", "https://a:444/", "https://b/", "https://a.b/"]) {
    assert.ok(!isSameOrigin(new URL("https://a/"), new URL(other)), other);
  }
});
