import assert from "node:assert/strict";
import {
  callerOf,
  type Location,
  locations,
  loginLocation,
  type Surroundings,
} from "./locations.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/bash
ann:x:1000:1001:Ann:/home/ann:/bin/sh
odd:x:1002:1002::relative:/bin/sh
`;

function around(env: Record<string, string>, uid = 1000): Surroundings {
  return { env: (name) => env[name], uid, passwd: () => PASSWD };
}

const paths = (all: Location[]) => all.map(({ path }) => path);

Deno.test("locations() returns docker's file, then podman's", () => {
  assert.deepEqual(
    paths(locations(around({ HOME: "/home/ann", XDG_RUNTIME_DIR: "/run/user/1000" }))),
    [
      "/home/ann/.docker/config.json",
      "/run/user/1000/containers/auth.json",
      "/run/containers/1000/auth.json",
      "/home/ann/.config/containers/auth.json",
    ],
  );
});

Deno.test("locations() uses the environment in place of each", () => {
  const env = { HOME: "/home/ann", DOCKER_CONFIG: "/d", REGISTRY_AUTH_FILE: "/r.json" };
  assert.deepEqual(paths(locations(around(env))), ["/r.json", "/d/config.json"]);
  assert.deepEqual(
    paths(locations(around({ HOME: "/h", XDG_CONFIG_HOME: "/c" }))).at(-1),
    "/c/containers/auth.json",
  );
});

Deno.test("locations() returns the caller's first under sudo", () => {
  const all = locations(around({ HOME: "/root", SUDO_UID: "1000", SUDO_USER: "root" }, 0));
  assert.deepEqual(paths(all).slice(0, 4), [
    "/home/ann/.docker/config.json",
    "/run/user/1000/containers/auth.json",
    "/home/ann/.config/containers/auth.json",
    "/root/.docker/config.json",
  ]);
  assert.deepEqual(all.map(({ owner }) => owner?.uid), [
    1000,
    1000,
    1000,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("callerOf() requires root and the list of users", () => {
  assert.equal(callerOf(around({ SUDO_UID: "1000" }, 1000)), undefined);
  for (const uid of ["", "0", "-1", "1e3", "1000x", "4294967295", "7", "1002"]) {
    assert.equal(callerOf(around({ SUDO_UID: uid }, 0)), undefined, uid);
  }
  assert.deepEqual(callerOf(around({ SUDO_UID: "1000" }, 0)), {
    uid: 1000,
    gid: 1001,
    name: "ann",
    home: "/home/ann",
  });
});

Deno.test("locations() never returns the caller's as root's own under sudo", () => {
  const env = {
    HOME: "/home/ann",
    XDG_CONFIG_HOME: "/home/ann/c",
    XDG_RUNTIME_DIR: "/run/user/1000",
  };
  const all = locations(around({ ...env, SUDO_UID: "1000" }, 0));
  assert.deepEqual(paths(all.filter(({ owner }) => owner === undefined)), [
    "/root/.docker/config.json",
    "/run/containers/0/auth.json",
    "/root/.config/containers/auth.json",
  ]);
  const location = loginLocation(around({ ...env, SUDO_UID: "1000" }, 0));
  assert.equal(location?.path, "/root/.docker/config.json");
});

Deno.test("locations() returns root's own under sudo when the caller is unknown", () => {
  const env = { HOME: "/home/eve", XDG_CONFIG_HOME: "/home/eve/c", XDG_RUNTIME_DIR: "/run/user/7" };
  for (const uid of ["7", "x", "4294967295"]) {
    const under = around({ ...env, SUDO_UID: uid }, 0);
    assert.deepEqual(paths(locations(under)), [
      "/root/.docker/config.json",
      "/run/containers/0/auth.json",
      "/root/.config/containers/auth.json",
    ]);
    assert.equal(loginLocation(under)?.path, "/root/.docker/config.json");
  }
  const byRoot = around({ HOME: "/r", SUDO_UID: "0" }, 0);
  assert.equal(loginLocation(byRoot)?.path, "/r/.docker/config.json");
});

Deno.test("loginLocation() never returns another user's file", () => {
  const location = loginLocation(around({ HOME: "/root", SUDO_UID: "1000" }, 0));
  assert.equal(location?.path, "/root/.docker/config.json");
  assert.equal(loginLocation(around({})), undefined);
});
