import assert from "node:assert/strict";
import type { LogLine } from "../log_line.ts";
import { RunsHub } from "./runs_hub.ts";

const line = (text: string, stream: LogLine["stream"] = "stdout"): LogLine => ({
  time: "2026-01-01T00:00:00Z",
  stream,
  text,
});

/** Returns the messages of a page that opens now, until a feed ends. */
async function messagesOf(hub: RunsHub): Promise<Record<string, unknown>[]> {
  const feed = hub.subscribe();
  assert.ok(feed);
  hub.end();
  const text = await new Response(feed).text();
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("a page begins with the list, and with the rows and lines of each run", async () => {
  const hub = new RunsHub("1.2.3");
  const run = { name: "one", status: "running", pid: 7, restarts: 0, started: "", module: "x" };
  hub.list([run]);
  hub.take("one", [
    line('{"pid":1,"proc":{"comm":"sh"},"n":18446744073709551615}'),
    line('{"source":"other","count":3}'),
    line("warning: something", "stderr"),
    line("not a record"),
  ]);
  const messages = await messagesOf(hub);
  const [hello, ...rest] = messages;
  assert.equal(hello?.["t"], "hello");
  const opened = rest.filter(({ t }) => t === "open");
  assert.deepEqual(opened.map(({ source }) => source), ["runs", "one:", "one: other"]);
  assert.deepEqual(
    (opened[1]?.["fields"] as { name: string; isNumber: boolean }[])
      .map(({ name, isNumber }) => [name, isNumber]),
    [["pid", true], ["proc.comm", false], ["n", true]],
  );
  const rows = rest.filter(({ t }) => t === "rows");
  assert.deepEqual(rows[0]?.["rows"], [run]);
  assert.deepEqual(rest.filter(({ t }) => t === "text").map(({ line }) => line), [
    "warning: something",
    "not a record",
  ]);
  assert.equal(messages.at(-1)?.["t"], "end");
});

Deno.test("digits of numbers, and markup, come as they are", async () => {
  const hub = new RunsHub("1");
  const text = '{"n":18446744073709551615,"text":"</script>\\u001b"}';
  hub.take("one", [line(text)]);
  const feed = hub.subscribe();
  assert.ok(feed);
  hub.end();
  assert.ok((await new Response(feed).text()).includes(`"rows":[${text}]`));
});

Deno.test("what a run writes is bounded", async () => {
  const hub = new RunsHub("1");
  for (let i = 0; i < 100; i++) hub.take("one", [line(`{"source":"s${i}","n":1}`)]);
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i]));
  hub.take("two", [line(JSON.stringify(wide))]);
  hub.take("two", Array.from({ length: 2000 }, (_, i) => line(`{"f0":${i}}`)));
  for (
    const text of [
      "[1]",
      "{",
      '{"a":',
      "null",
      `{"a":${"[".repeat(9000)}${"]".repeat(9000)}}`,
      '{"__proto__":1}',
      "x".repeat(1 << 17),
    ]
  ) {
    hub.take("three", [line(text)]);
  }
  const messages = await messagesOf(hub);
  const opened = messages.filter(({ t }) => t === "open");
  assert.equal(opened.filter(({ source }) => `${source}`.startsWith("one")).length, 16);
  const two = opened.find(({ source }) => source === "two:");
  assert.equal((two?.["fields"] as unknown[]).length, 200);
  const rows = messages.find(({ t, id }) => t === "rows" && id === two?.["id"]);
  assert.equal((rows?.["rows"] as unknown[]).length, 500);
  assert.equal(rows?.["total"], 2001);
  for (const message of messages) assert.ok(JSON.stringify(message).length < 1 << 17);
});

Deno.test("more than sixteen pages are refused", () => {
  const hub = new RunsHub("1");
  for (let i = 0; i < 16; i++) assert.ok(hub.subscribe());
  assert.equal(hub.subscribe(), undefined);
});
