/**
 * A systemd of its own, as the first process of a PID namespace: over an overlay of this machine's files,
 * with a control group of its own, and without what would change the kernel.
 */
import { WASM_BPF } from "./cli.ts";
import { TestCgroup } from "./cgroup.ts";
import { until } from "./condition.ts";
import { succeed } from "./succeed.ts";
import type { TestFolder } from "./folder.ts";

/** Boots in the folder `$1`, with the program `$2` and the files of `$3`, whose unit it starts. */
const BOOT = `set -e
root=$1/root
echo 0 > $4/cgroup.procs
exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup -- /bin/sh -c '
set -e
f=$1 r=$1/root
mount --make-rprivate /
mount -t tmpfs tmpfs $f
mkdir $f/upper $f/work $r
mount -t overlay overlay -o lowerdir=/,upperdir=$f/upper,workdir=$f/work $r
mount -t proc proc $r/proc
mount --bind /proc/sys $r/proc/sys && mount -o remount,bind,ro $r/proc/sys
mount --rbind /sys $r/sys && umount -l $r/sys/fs/cgroup && mount -o remount,bind,ro $r/sys
mount -t cgroup2 none $r/sys/fs/cgroup
mount -t tmpfs tmpfs $r/dev
for d in null zero full random urandom tty; do cp -a /dev/$d $r/dev/$d; done
mkdir $r/dev/shm $r/dev/pts $r/dev/mqueue $r/dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666 devpts $r/dev/pts
ln -s pts/ptmx $r/dev/ptmx && ln -s /proc/self/fd $r/dev/fd
mount -t tmpfs tmpfs $r/run && mount -t tmpfs tmpfs $r/tmp
mkdir -p $r/opt/wasm-bpf $r/opt/test $r/run/systemd/system
touch $r/opt/wasm-bpf/wasm-bpf && mount --bind $2 $r/opt/wasm-bpf/wasm-bpf
mount --bind $3 $r/opt/test
cp $3/*.service $r/run/systemd/system/
printf "[Unit]\\nRequires=basic.target\\nWants=wasm-bpf-test.service\\n" > $r/run/systemd/system/test.target
for unit in systemd-tmpfiles-setup.service systemd-tmpfiles-clean.timer systemd-udevd.service \\
	systemd-sysctl.service systemd-modules-load.service apt-daily.timer; do
	ln -s /dev/null $r/run/systemd/system/$unit
done
cd $r && mkdir -p old && pivot_root . old && umount -l /old
export container=other
exec /lib/systemd/systemd --system --unit=test.target --log-target=null --show-status=0
' sh "$@"`;

/** Program in the machine. */
export const PROGRAM = "/opt/wasm-bpf/wasm-bpf";
/** Folder of the test's files in the machine. */
export const FILES = "/opt/test";

/** Machine that runs the unit `wasm-bpf-test.service`. */
export class SystemdMachine implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #pid: number;
  readonly #group: TestCgroup;

  private constructor(child: Deno.ChildProcess, pid: number, group: TestCgroup) {
    this.#child = child;
    this.#pid = pid;
    this.#group = group;
  }

  /** @param files folder with the unit and what it needs, at `FILES` in the machine */
  static async boot(folder: TestFolder, files: string): Promise<SystemdMachine> {
    const group = await TestCgroup.create();
    const place = folder.at("machine");
    await Deno.mkdir(place);
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", BOOT, "sh", place, WASM_BPF, files, group.path],
      stdin: "null",
      stdout: "null",
    }).spawn();
    let pid = 0;
    await until("systemd runs", async () => {
      const path = `/proc/${child.pid}/task/${child.pid}/children`;
      pid = Number((await Deno.readTextFile(path)).trim().split(" ")[0]);
      const name = pid > 0 ? await Deno.readTextFile(`/proc/${pid}/comm`).catch(() => "") : "";
      return name.trim() === "systemd";
    });
    return new SystemdMachine(child, pid, group);
  }

  /** Runs a command in the machine. */
  async run(...words: string[]): Promise<string> {
    const enter = ["-t", `${this.#pid}`, "-m", "-p", "-C", "-u", "-i", "-r", "-w", "--"];
    return await succeed("nsenter", ...enter, ...words);
  }

  /** Returns a property of the unit. */
  async show(property: string): Promise<string> {
    const words = ["systemctl", "show", "--value", "-p", property, "wasm-bpf-test.service"];
    return (await this.run(...words).catch(() => "")).trim();
  }

  /** Returns what the unit has written. */
  async journal(): Promise<string> {
    return await this.run("journalctl", "--no-pager", "-o", "cat", "-u", "wasm-bpf-test.service");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(this.#pid, "SIGKILL");
    await this.#child.status;
    // Groups that systemd has made are empty by now.
    await succeed("find", this.#group.path, "-mindepth", "1", "-depth", "-type", "d", "-delete");
    await this.#group[Symbol.asyncDispose]();
  }
}
