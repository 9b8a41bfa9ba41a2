/** `ps --web`: the list of runs and their records, for requests with the link's token alone. */
import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { recordGuest } from "../support/record_guest.ts";
import { assembleTo } from "../support/wat.ts";

const GUEST = recordGuest({
  source: "events",
  schema: "u64 n; char text[16]",
  sizeBytes: 24,
  data: { 104: "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff</script>\\00" },
});

Deno.test("ps --web serves all runs to requests with the token, and ends by a signal", async () => {
  await using runs = new Background();
  const guest = await assembleTo(`${runs.folder}/guest.wasm`, GUEST);
  await using page = new CliProcess(["ps", "--web"], { env: runs.env });
  const printed = () => /^page: (\S+)$/m.exec(page.stderr)?.[1];
  await until("the link is printed", () => printed() !== undefined);
  const url = new URL(printed() ?? "");
  const get = async (headers: Record<string, string>) => {
    const response = await fetch(new URL("/feed", url), { headers });
    await response.body?.cancel();
    return response.status;
  };
  const authorization = `Bearer ${url.hash.slice(1)}`;
  assert.equal(await get({}), 401);
  assert.equal(await get({ authorization: `${authorization}A` }), 401);
  assert.equal(await get({ authorization, origin: "http://evil.example" }), 403);
  assert.equal(await get({ authorization, "sec-fetch-site": "cross-site" }), 403);
  const feed = await fetch(new URL("/feed", url), { headers: { authorization } });
  const reader = (feed.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  const readUntil = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read();
      assert.ok(!done, text);
      text += value;
    }
  };
  // Before its log is there.
  await runs.out("run", "-d", "--name", "one", "-o", "jsonl", guest);
  await readUntil(/"rows":\[\{"n":18446744073709551615,"text":"<\/script>"\}\]/);
  await readUntil(/"name":"one","status":"running/);
  await runs.out("stop", "one");
  await readUntil(/"name":"one","status":"stopped/);
  page.kill("SIGTERM");
  await readUntil(/\{"t":"end"\}\n/);
  await reader.cancel();
  const { code, stderr } = await page.result();
  assert.equal(code, 0, stderr);
});

Deno.test("ps --web refuses addresses that other machines reach", async () => {
  await using runs = new Background();
  const { code, stderr } = await runs.cli("ps", "--web=0.0.0.0:0");
  assert.equal(code, 2, stderr);
});
