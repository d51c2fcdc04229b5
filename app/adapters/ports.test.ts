/** The real adapters pass the port tests that the fakes pass. */

import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testClock } from '../fakes/port-tests/clock.ts';
import { testEngine } from '../fakes/port-tests/engine.ts';
import { testHelper } from '../fakes/port-tests/helper.ts';
import { testKubeconfig } from '../fakes/port-tests/kubeconfig.ts';
import { testKubeconfigFiles } from '../fakes/port-tests/kubeconfig-files.ts';
import { testStore } from '../fakes/port-tests/store.ts';
import { openKubeconfigFiles } from './kubeconfig/kept-kubeconfigs.ts';
import { systemClock } from './laptop/clock.ts';
import { openEngine } from './native/engine-process.ts';
import { openHelper } from './native/helper-process.ts';
import { nativePrograms } from './native-programs.ts';
import { openStore } from './storage/store.ts';
import { openTestKubeconfig, silentLog } from './testing/api-server.ts';

const pass = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const temporary = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ports-'));
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
};

testClock('system', () => ({ clock: systemClock(), pass }));

testStore('files', async () => {
  const { folder, close } = await temporary();
  return { open: () => openStore(folder, silentLog), close };
});

testKubeconfig('files', async () => {
  const { folder, close } = await temporary();
  const server = 'https://127.0.0.1:6443';
  const [file, ran, program] = ['config', 'ran', 'cloud-login'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'abc' },
  };
  await writeFile(program, `#!/bin/sh\necho ran >>'${ran}'\necho '${JSON.stringify(credential)}'\n`);
  await chmod(program, 0o755);
  const exec = { apiVersion: credential.apiVersion, command: './cloud-login', interactiveMode: 'Never' };
  const write = (names: string[], at = server) =>
    writeFile(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: at } }],
        users: [
          { name: 'production', user: { exec } },
          { name: 'staging', user: { token: 'abc' } },
        ],
        contexts: names.map((name) => ({ name, context: { cluster: 'c', user: name } })),
        'current-context': 'production',
      }),
    );
  await write(['production', 'staging']);
  const environment = { KUBECONFIG: file, PATH: process.env.PATH };
  const port = openTestKubeconfig(folder, environment);
  return {
    port,
    server,
    timesPluginRan: async () => (existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n').length : 0),
    moveServer: () => write(['production', 'staging'], 'https://elsewhere'),
    removeStaging: () => write(['production']),
    removeFiles: () => rm(file),
    until: async (condition) => {
      for (let tries = 0; tries < 500 && !condition(); tries += 1) {
        await pass(20);
      }
      return condition();
    },
    close,
  };
});

testKubeconfigFiles('disk', async () => {
  const { folder, close } = await temporary();
  const kept = join(folder, 'kubeconfigs');
  return {
    port: openKubeconfigFiles(kept, {}),
    write: async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    read: (file) => readFile(file, 'utf8').catch(() => null),
    countKept: async () => (await readdir(kept).catch(() => [])).length,
    close,
  };
});

/**
 * The helper of these tests runs in network and mount namespaces of its own: nothing of this computer's network is seen
 * or touched. It knows no other folders than its own, so these are mounted there: that of its socket from a temporary
 * folder, where the tests find it. It needs root and the built programs.
 */
const programs = nativePrograms(process.env);
const canRunHelper = process.getuid?.() === 0 && existsSync(programs.helper) && existsSync(programs.engine);

async function helperInNamespace() {
  const { folder, close } = await temporary();
  const wrapper = join(folder, 'helper-in-namespace');
  const pidFile = join(folder, 'pid');
  const runtimeFolder = join(folder, 'run');
  await mkdir(runtimeFolder, { mode: 0o755 });
  const inside = join(folder, 'inside');
  await writeFile(
    inside,
    `set -e
mount -t tmpfs -o mode=755 laptop /run
mkdir -m 755 /run/slipway
mount --bind '${runtimeFolder}' /run/slipway
mount -t tmpfs -o mode=755 laptop /var/lib
exec '${programs.helper}' "$@"
`,
  );
  await writeFile(wrapper, `#!/bin/sh\necho $$ >'${pidFile}'\nexec unshare --net --mount -- sh '${inside}' "$@"\n`);
  await chmod(wrapper, 0o755);
  const port = openHelper({
    program: wrapper,
    clone: null,
    build: programs.build,
    logFile: join(folder, 'helper.log'),
    environment: process.env,
    log: silentLog,
    runtimeFolder,
  });
  const stop = async () => {
    if (existsSync(pidFile)) {
      await end(Number(readFileSync(pidFile, 'utf8')));
      await rm(pidFile);
    }
  };
  return {
    port,
    stop,
    folder,
    close: async () => {
      await stop();
      await close();
    },
  };
}

async function end(processId: number): Promise<void> {
  try {
    process.kill(processId, 'SIGTERM');
    for (;;) {
      await pass(10);
      process.kill(processId, 0);
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'))) {
        return;
      }
    }
  } catch {
    // It has ended.
  }
}

if (canRunHelper) {
  testHelper('process', helperInNamespace);

  testEngine('process', async () => {
    const helper = await helperInNamespace();
    const ensured = await helper.port.ensure();
    if (!ensured.ok) {
      throw new Error(ensured.problem.cause);
    }
    return {
      port: openEngine({
        program: programs.engine,
        build: programs.build,
        logFile: join(helper.folder, 'engine.log'),
        log: silentLog,
      }),
      helperSocket: helper.port.socket,
      kill: async (link) => {
        process.kill(link.processId, 'SIGKILL');
        await link.ended;
      },
      close: helper.close,
    };
  });
}
