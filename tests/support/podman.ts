/** Podman with folders of its own, so that images and containers of the machine stay as they are. */
import type { TestFolder } from "./folder.ts";
import { succeed } from "./succeed.ts";

/** Settings with which runc works where control groups of both versions are mounted. */
const SETTINGS = `[containers]
default_ulimits = ["nofile=1024:1024","nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
infra_image = "localhost/loop"
`;

/** Program that opens a file and ends a process, again and again; it ends when it is asked to. */
const LOOP = `#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	signal(SIGTERM, _exit);
	for (;;) {
		open("/nothing-inside", 0);
		if (!fork())
			_exit(3);
		wait(0);
		usleep(20000);
	}
}
`;

/** Podman below a folder: storage in `graph` and `run`. Its containers end with it. */
export class Podman implements AsyncDisposable {
  readonly #root: TestFolder;

  private constructor(root: TestFolder) {
    this.#root = root;
  }

  /** Writes the settings, and makes the image `localhost/loop`, also that of pods. */
  static async create(root: TestFolder): Promise<Podman> {
    await Deno.writeTextFile(root.at("containers.conf"), SETTINGS);
    await Deno.mkdir(root.at("image"));
    await Deno.writeTextFile(root.at("image/loop.c"), LOOP);
    await succeed("clang", "-static", "-O2", "-o", root.at("image/loop"), root.at("image/loop.c"));
    const lines = 'FROM scratch\nCOPY loop /loop\nCMD ["/loop"]\n';
    await Deno.writeTextFile(root.at("image/Dockerfile"), lines);
    const podman = new Podman(root);
    await podman.run("build", "-q", "-t", "loop", root.at("image"));
    return podman;
  }

  /** Runs a command of Podman; returns its output. */
  async run(...words: string[]): Promise<string> {
    const folders = ["--root", this.#root.at("graph"), "--runroot", this.#root.at("run")];
    return await succeed(
      ...["env", `CONTAINERS_CONF=${this.#root.at("containers.conf")}`, "podman"] as const,
      ...["--runtime", "runc", "--storage-driver=vfs", ...folders, ...words],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("pod", "rm", "-f", "-a", "-t", "1");
    await this.run("rm", "-f", "-a", "-t", "1");
    await this.run("rmi", "-f", "-a");
  }
}
