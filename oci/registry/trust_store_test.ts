import assert from "node:assert/strict";
import { authoritiesOf, hostAuthorities } from "./trust_store.ts";
import { withFolder } from "../../tests/support/folder.ts";

/** Arbitrary certificate. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIUFugv6fi8q68sBOg8DekDrG9MaRAwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBYTAeFw0yNjExMjMwNjU0NDJaFw0yNjExMjUwNjU0NDJaMAwx
CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQlQJOZR/ZohjHP
QA92HvyPSQxhmrhnlwsOC5vQSvAKMSrHhxRvaznlJ+qihqiPttHtNbjAUbVSiKgH
qHFfG8Dmo1MwUTAdBgNVHQ4EFgQU9fx8Pw3YqkN3n4Jun+cSaihSC1EwHwYDVR0j
BBgwFoAU9fx8Pw3YqkN3n4Jun+cSaihSC1EwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiB0We7CNObrP+DXL0xj/2rzgKNo/ICeEsiXr2MuEVLlQQIh
AOOe3cRnVADavLdPawYJFDACKzfG3w98/VpiPt63+0dv
-----END CERTIFICATE-----`;

Deno.test("hostAuthorities() reads only the files of one host and port", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a.example:5000`);
    const path = (name: string) => `${folder}/a.example:5000/${name}`;
    await Deno.writeTextFile(path("ca.crt"), `comment\n${CERTIFICATE}\n${CERTIFICATE}\n`);
    await Deno.writeTextFile(path("client.cert"), CERTIFICATE);
    await Deno.writeTextFile(path("broken.crt"), CERTIFICATE.replace(/[A-Z]{4}/g, "!"));
    const folders = [`${folder}/none`, folder];
    assert.deepEqual(hostAuthorities("a.example:5000", folders), [CERTIFICATE, CERTIFICATE]);
    assert.deepEqual(hostAuthorities("a.example", folders), []);
  });
});

Deno.test("authoritiesOf() returns all certificates of a file, and refuses a file without one", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/ca.pem`;
    await Deno.writeTextFile(path, `${CERTIFICATE}\n${CERTIFICATE}`);
    assert.equal(authoritiesOf(path).length, 2);
    for (const text of ["", "x", CERTIFICATE.replace("BEGIN CERTIFICATE", "BEGIN PUBLIC KEY")]) {
      await Deno.writeTextFile(path, text);
      assert.throws(() => authoritiesOf(path), { code: "BAD_CERTIFICATE" });
    }
    assert.throws(() => authoritiesOf(`${folder}/none`), { code: "ENOENT" });
  });
});
