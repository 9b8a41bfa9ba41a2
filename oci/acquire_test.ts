import assert from "node:assert/strict";
import { acquireModule } from "./acquire.ts";
import { parseReference } from "./reference.ts";

/** Runs `work` with an empty data directory. */
async function withoutStore(work: () => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const former = Deno.env.get("XDG_DATA_HOME");
  Deno.env.set("XDG_DATA_HOME", folder);
  try {
    await work();
  } finally {
    if (former === undefined) Deno.env.delete("XDG_DATA_HOME");
    else Deno.env.set("XDG_DATA_HOME", former);
    await Deno.remove(folder, { recursive: true });
  }
}

const reference = parseReference("127.0.0.1:1/you/tool:v1");

Deno.test("acquireModule() returns undefined without a connection when it may not pull", () =>
  withoutStore(async () => {
    const connect = () => assert.fail("connected");
    const options = { what: "tool", connect };
    assert.equal(await acquireModule(reference, { ...options, when: "never" }), undefined);
  }));

Deno.test("acquireModule() connects once when the store lacks the artifact", () =>
  withoutStore(async () => {
    let connections = 0;
    const connect = () => {
      connections += 1;
      throw new Deno.errors.ConnectionRefused();
    };
    const acquired = acquireModule(reference, { what: "tool", connect, when: "missing" });
    await assert.rejects(acquired, Deno.errors.ConnectionRefused);
    assert.equal(connections, 1);
  }));

Deno.test("acquireModule() reads required keys before it connects", () =>
  withoutStore(async () => {
    const verifyKeys = ["/nonexistent/cosign.pub"];
    const connect = () => assert.fail("connected");
    const options = { what: "tool", connect, when: "always", verifyKeys } as const;
    await assert.rejects(acquireModule(reference, options), { name: "TrustError" });
  }));
