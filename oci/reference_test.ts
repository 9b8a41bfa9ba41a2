import assert from "node:assert/strict";
import { formatReference, parseReference } from "./reference.ts";
import { registryEndpoint } from "./registry_name.ts";

const HEX = "a".repeat(64);

function whole(text: string, defaultRegistry?: string): string {
  return formatReference(parseReference(text, { defaultRegistry }));
}

function refuses(title: string, ...texts: string[]): void {
  Deno.test(`parseReference() refuses ${title}`, () => {
    for (const text of texts) {
      assert.throws(
        () => parseReference(text),
        { name: "ReferenceSyntaxError", code: "BAD_REFERENCE" },
        JSON.stringify(text),
      );
    }
  });
}

Deno.test("parseReference() completes Docker Hub's short forms", () => {
  assert.equal(whole("alpine"), "docker.io/library/alpine:latest");
  assert.equal(whole("alpine:3.20"), "docker.io/library/alpine:3.20");
  assert.equal(whole("you/tool"), "docker.io/you/tool:latest");
  assert.equal(whole("docker.io/alpine"), "docker.io/library/alpine:latest");
  assert.equal(whole("index.docker.io/library/alpine"), "docker.io/library/alpine:latest");
  assert.equal(whole("registry-1.docker.io/you/tool"), "docker.io/you/tool:latest");
  assert.equal(registryEndpoint(parseReference("alpine").registry), "registry-1.docker.io");
});

Deno.test("parseReference() completes names with the default registry", () => {
  assert.equal(whole("tool", "ghcr.io"), "ghcr.io/tool:latest");
  assert.equal(whole("you/tool:v1", "localhost:5000"), "localhost:5000/you/tool:v1");
  assert.equal(whole("docker.io/tool", "ghcr.io"), "docker.io/library/tool:latest");
});

Deno.test("parseReference() reads localhost with a port as a registry, not as a scheme", () => {
  assert.deepEqual(parseReference("localhost:5000/x:v1"), {
    registry: "localhost:5000",
    repository: "x",
    tag: "v1",
  });
  assert.equal(whole("localhost/x"), "localhost/x:latest");
});

Deno.test("parseReference() accepts addresses, ports and upper case in hosts", () => {
  assert.equal(whole("127.0.0.1:5000/a/b"), "127.0.0.1:5000/a/b:latest");
  assert.equal(whole("[::1]:5000/a/b:v1"), "[::1]:5000/a/b:v1");
  assert.equal(whole("[2001:db8::1]/a"), "[2001:db8::1]/a:latest");
  assert.equal(whole("GHCR.io/you/tool"), "ghcr.io/you/tool:latest");
  assert.equal(whole("LOCALHOST/tool"), "localhost/tool:latest");
});

Deno.test("parseReference() accepts tag, digest or both", () => {
  assert.equal(whole(`ghcr.io/x@sha256:${HEX}`), `ghcr.io/x@sha256:${HEX}`);
  assert.equal(whole(`ghcr.io/x:v1@sha256:${HEX}`), `ghcr.io/x:v1@sha256:${HEX}`);
  assert.equal(whole(`x@sha512:${HEX}${HEX}`), `docker.io/library/x@sha512:${HEX}${HEX}`);
  assert.equal(parseReference(`x@sha256:${HEX}`).tag, undefined);
});

Deno.test("parseReference() accepts schemes, and keeps http and https", () => {
  assert.equal(whole("oci://ghcr.io/x:v1"), "ghcr.io/x:v1");
  assert.equal(whole("docker://a.example/x"), "a.example/x:latest");
  assert.deepEqual(
    ["oci://h/x", "https://h/x", "HTTP://h:5000/x"].map((text) => parseReference(text).scheme),
    [undefined, "https", "http"],
  );
});

Deno.test("parseReference() adds a port to a host without a dot", () => {
  for (const text of ["https://registry/x", "oci://Registry/x", "http://registry/x"]) {
    const once = whole(text);
    assert.match(once, /^registry:(443|80)\/x:latest$/);
    assert.equal(whole(once), once);
  }
  assert.equal(whole("x", "registry"), "registry:443/x:latest");
});

Deno.test("parseReference() accepts 128 characters of tag and 255 of name, and no more", () => {
  assert.equal(parseReference(`x:${"a".repeat(128)}`).tag?.length, 128);
  assert.throws(() => parseReference(`x:${"a".repeat(129)}`), { code: "BAD_REFERENCE" });
  assert.ok(parseReference(`ghcr.io/${"a".repeat(247)}`));
  assert.throws(() => parseReference(`ghcr.io/${"a".repeat(248)}`), { code: "BAD_REFERENCE" });
});

refuses("nothing, and white space", "", " ", " alpine", "alpine ", "a b", "alpine\n", "\0");
refuses("capital letters in a repository", "you/Tool", "ghcr.io/You/tool", "Alpine", "You/tool");
refuses(
  "odd separators",
  "a__b__",
  "_a",
  "a..b",
  "a._b",
  "-a",
  "a-",
  "a//b",
  "/a",
  "a/",
  "a/___b/c",
);
refuses("an invalid tag", "a:", "a:-x", "a:.x", "a:x/y:z", "a:x y", "a:v1:v2", "a:ü");
refuses("an invalid digest", "a@", "a@sha256:", "a@sha256:12", `a@sha256:${"A".repeat(64)}`);
refuses("an unknown or short digest", `a@md5:${HEX}`, `a@sha256:${HEX}0`, `a@sha512:${HEX}`);
refuses("an invalid host", "-a.b/x", "a..b/x", "a.b:/x", "a.b:0/x", "a.b:65536/x", "[::/x");
refuses("more invalid hosts", "[zz]/x", "[1.2.3.4/x", "a_b.c/x", "a.b:5x/x", "[::1]x/x");
refuses("an unknown scheme", "ftp://a.b/x", "file:///x", "oci:a.b/x", "//a/x");
refuses("a scheme without a registry or a repository", "oci://x", "https://", "https://a.b/");
refuses("a path that climbs", "a/../b", "../x", "a.b/./x", "a.b/%2e%2e/x");
refuses("a query and a fragment", "a.b/x?y", "a.b/x#y");
refuses("user names", "user@a.b/x", "https://user:secret@a.b/x", "user:secret@localhost:5000/x");

Deno.test("parseReference() shows no password in errors", () => {
  for (const text of ["https://u:secret@a.b/x", "u:se/cret@a.b/x:v1", "oci://u:s@ecret@a.b/x"]) {
    assert.throws(() => parseReference(text), (error: Error) => {
      return /a\.b\/x/.test(error.message) && !/cret/.test(error.message);
    });
  }
});

Deno.test("parseReference() shows an invalid digest after @", () => {
  assert.throws(() => parseReference("ghcr.io/x@latest"), /"ghcr\.io\/x@latest"/);
});

Deno.test("parseReference() shows no query in errors", () => {
  for (
    const text of ["https://a.example/x.gz?sig=s3cret", "a.example/x#s3cret", "x?a=s3cret@b/c"]
  ) {
    assert.throws(
      () => parseReference(text),
      (error: Error & { code?: string }) =>
        error.code === "BAD_REFERENCE" && !`${error.message}${error.stack}`.includes("s3cret"),
      text,
    );
  }
});
