/** A registry, a publisher with a key, and a user's place: for tests of hubs. */
import assert from "node:assert/strict";
import { cosignFile, PASSWORD } from "./cosign_data.ts";
import type { CliResult } from "./cli.ts";
import { Place, speaking } from "./place.ts";
import { TestRegistry } from "./registry.ts";

/** Key pairs of the publisher. */
export const KEY = cosignFile("p256.key");
export const PUB = cosignFile("p256.pub");
export const OTHER_PUB = cosignFile("p384.pub");

const WITH_PASSWORD = { env: { COSIGN_PASSWORD: PASSWORD } };

/** Registry and user's place, gone after the test. */
export class HubPlace implements AsyncDisposable {
  readonly registry: TestRegistry;
  readonly publisher: Place;
  readonly user: Place;

  private constructor(registry: TestRegistry, places: { publisher: Place; user: Place }) {
    this.registry = registry;
    this.publisher = places.publisher;
    this.user = places.user;
  }

  static async create(): Promise<HubPlace> {
    const places = { publisher: await Place.create(), user: await Place.create() };
    return new HubPlace(await TestRegistry.start(), places);
  }

  /** Directory of launchers. */
  get bin(): string {
    return `${this.user.folder}/bin`;
  }

  /** File of the catalogue that was built last. */
  get catalog(): string {
    return `${this.publisher.folder}/catalog.json`;
  }

  /** Reference of the hub's catalogue. */
  get hub(): string {
    return `${this.registry.host}/acme/hub:latest`;
  }

  /** Reference of a tool with a tag. */
  tool(name: string, tag: string): string {
    return `${this.registry.host}/acme/${name}:${tag}`;
  }

  /** Pushes a tool that prints `NAME TAG`, or other bytes; returns its reference. */
  async pushTool(name: string, tag: string, bytes?: Uint8Array): Promise<string> {
    const file = await this.publisher.write(`${name}.wasm`, bytes ?? speaking(`${name} ${tag}`));
    const created = ["--created", "2026-01-01T00:00:00Z"];
    await this.publisher.succeed([
      ...["push", "-q", ...created, "-a", `org.opencontainers.image.description=speak of ${name}`],
      ...["-a", "wasm-bpf.keywords=voice,test", file, this.tool(name, tag)],
    ]);
    return this.tool(name, tag);
  }

  /** Builds a catalogue in a file, whose path is returned. */
  async build(references: readonly string[], ...options: string[]): Promise<string> {
    const file = this.catalog;
    const from = await Deno.stat(file).then(() => ["--from", file], () => ["--name", "acme"]);
    await this.publisher.succeed([
      "catalog",
      "build",
      "-q",
      ...from,
      ...options,
      "-o",
      file,
      ...references,
    ]);
    return file;
  }

  /** Signs and pushes a catalogue, by default to {@linkcode hub}. */
  async publish(file: string, { key = KEY, reference = this.hub } = {}): Promise<void> {
    const words = ["catalog", "push", "-q", "--sign-key", key, file, reference];
    await this.publisher.succeed(words, WITH_PASSWORD);
  }

  /** Publishes tools that have a tag, in a catalogue of their own. */
  async publishTools(tools: Readonly<Record<string, string>>): Promise<void> {
    const references = [];
    for (const [name, tag] of Object.entries(tools)) {
      references.push(await this.pushTool(name, tag));
    }
    await this.publish(await this.build(references));
  }

  /** Adds the hub as acme. */
  async add(name = "acme", reference = this.hub): Promise<void> {
    await this.user.succeed(["hub", "add", "-q", name, reference, "--key", PUB]);
  }

  async install(...words: string[]): Promise<string> {
    return await this.user.succeed(["install", "-q", "--bin", this.bin, ...words]);
  }

  /** Runs a launcher. */
  async launch(name: string, ...args: string[]): Promise<CliResult> {
    const child = new Deno.Command(`${this.bin}/${name}`, {
      args,
      env: this.user.env,
      stdin: "null",
    });
    const { code, signal, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Asserts that a command fails with a text and a hint. */
  async refused(words: string[], error: RegExp, code = 1): Promise<void> {
    const result = await this.user.run(words);
    assert.equal(result.code, code, `${words.join(" ")}: ${result.stdout}${result.stderr}`);
    assert.match(result.stderr, error);
    assert.match(result.stderr, /^hint: /m);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
    await this.publisher[Symbol.asyncDispose]();
    await this.user[Symbol.asyncDispose]();
  }
}
