/**
 * `slipway shell` and `slipway run` by a user without any right, on a laptop without a helper: inside everything works as with
 * the helper, outside nothing changes, and whatever of it is killed, nothing is left.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { type LaptopPlace, Product } from './product.ts';
import { eventually, type Outcome, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';
import { makeUserFolder } from './user-folder.ts';

const userId = 23_456;
const { http, grpc, echo, noEndpoint, baseImage } = workload;
/** Milliseconds: each of these connects anew. */
const deadline = 150_000;
const patience = 300_000;
const cli = `'${process.execPath}' '${join(process.cwd(), 'app/hosts/cli/slipway.mjs')}'`;
const idOf = ({ id }: { id: number }) => id;

describe('a shell without any right', { timeout: patience }, () => {
  let scene: Scene;
  let user: LaptopPlace;
  let product: Product;
  let folder = '';

  const options = ['--context', 'sandbox', '--namespace', http.namespace, '--base-image', baseImage];
  const inside = (...words: readonly string[]): Promise<Outcome> =>
    product.slipway(['run', ...options, '--', ...words], { deadline });
  const script = (text: string) => inside('sh', '-c', text);
  /** The processes of this user; the machine sees those of all namespaces. */
  const ofUser = async () => {
    const table = await run(scene.laptop, ['ps', '-o', 'pid=,args=', '-U', `${userId}`]);
    return table.stdout.split('\n').flatMap((row) => {
      const [, id, words] = /^\s*(\d+) (.*)$/.exec(row) ?? [];
      return id === undefined || words === undefined ? [] : [{ id: Number(id), words }];
    });
  };
  /** What a shell of a test leaves of itself on the laptop. */
  const left = async () => ({
    folders: readdirSync(join(folder, 'runtime')).filter((name) => name.startsWith('shell-')),
    changed: await scene.unchanged(),
  });

  beforeAll(async () => {
    scene = await setScene('plain', 'shell');
    const made = makeUserFolder('shell', userId, scene.sandbox.kubeconfig);
    folder = made.folder;
    const enter = [
      ...scene.laptop.enter,
      'setpriv',
      `--reuid=${userId}`,
      `--regid=${userId}`,
      '--clear-groups',
      '--no-new-privs',
      '--inh-caps=-all',
    ];
    user = { ...scene.laptop, enter };
    product = new Product(user, folder, made.kubeconfig, { HOME: join(folder, 'home') });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await closeScene(scene);
  });

  it('reaches the cluster by name with ordinary programs, as the user that it is', async () => {
    const outcome = await script(
      [
        'set -e',
        'echo user $(id -u) $(id -g)',
        ...http.names.map((name) => `curl -sS -m 10 http://${name}/ > /dev/null && echo curl ${name}`),
        `getent ahostsv4 ${http.fullName} | grep -q STREAM && echo getent`,
        `dig +short +time=5 ${http.fullName} | grep -q '^[0-9.]*$' && echo dig`,
        `ping -c 2 -W 5 orders.webshop > /dev/null && echo ping`,
        `probe grpc ${grpc.name}:${grpc.port} hello`,
        `probe udp ${echo.name}:${echo.port} datagram`,
        `curl -sS -m 10 http://www.example.test/`,
      ].join('\n'),
    );
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain(`user ${userId} ${userId}`);
    for (const word of [...http.names.map((name) => `curl ${name}`), 'getent', 'dig', 'ping', 'hello', 'datagram']) {
      expect(outcome.stdout).toContain(word);
    }
    expect(outcome.stdout).toContain('outside: www.example.test');
    expect(await left()).toEqual({ folders: [], changed: [] });
    expect(await scene.left()).toEqual([]);
  });

  it('passes exit codes, input and output through, and tells a refusal from silence', async () => {
    const refused = `${noEndpoint.service}.${noEndpoint.namespace}:${noEndpoint.port}`;
    const text = `cat; /no/such/program; echo $?; curl -sS http://${refused}/; echo $?; kill -KILL $$`;
    const outcome = await product.slipway(['run', ...options, '--', 'sh', '-c', text], {
      deadline,
      input: 'through the pipe\n',
    });
    expect(outcome.stdout).toBe('through the pipe\n127\n7\n'); // CURLE_COULDNT_CONNECT
    expect(outcome.code, outcome.stderr).toBe(137);
    expect(await left()).toEqual({ folders: [], changed: [] });
  });

  it('changes nothing outside while it is open, and outlives its engine', async () => {
    const mark = join(folder, 'home/open');
    const ask = `curl -sS -m 5 http://${http.fullName}/`;
    const running = script(
      `${cli} status; touch '${mark}'; while test -e '${mark}'; do sleep 0.2; done; until ${ask} > /dev/null; do sleep 1; done; ${cli} status; exit 9`,
    );
    expect(await eventually(async () => (await run(user, ['test', '-e', mark])).code === 0, deadline)).toBe(true);
    const now = await takeLaptopSnapshot(scene.laptop, scene.laptop.holder);
    expect(differences(scene.before, now, ['processes', 'sockets'])).toEqual([]);
    expect((await run(user, ['sh', '-c', ask])).code).not.toBe(0);
    expect((await product.slipway(['status'])).stdout).not.toContain('sandbox');
    const [engine = Number.NaN] = (await ofUser()).filter(({ words }) => /slipway-engine$/.test(words)).map(idOf);
    process.kill(engine, 'SIGKILL');
    rmSync(mark);
    const outcome = await running;
    expect(outcome.stdout.match(/connected to sandbox/g), outcome.stdout + outcome.stderr).toHaveLength(2);
    expect(outcome.code, outcome.stderr).toBe(9);
    expect(await left()).toEqual({ folders: [], changed: [] });
  });

  it.each(['TERM', 'INT'])('ends in good order on SIG%s', async (signal) => {
    const words = ['run', ...options, '--', 'sh', '-c', 'echo ready; exec sleep 300'].map((word) => `'${word}'`);
    const file = `'${folder}/home/out-${signal}'`;
    // A job of its own group, as a terminal's foreground is: Ctrl-C reaches all of it.
    const target = signal === 'INT' ? '-- -$!' : '$!';
    const job = `${cli} ${words.join(' ')} > ${file} & until grep -q ready ${file}; do sleep 0.2; done; kill -${signal} ${target}; wait $!`;
    const outcome = await run(product.place, ['bash', '-c', `set -m; ${job}`], { deadline });
    expect(outcome.code, outcome.stderr).toBe(signal === 'INT' ? 130 : 143);
    expect(await left()).toEqual({ folders: [], changed: [] });
    expect(await scene.left()).toEqual([]);
  });

  // The agents of these go by themselves, later.
  it.each([
    ['command line', /slipway\.mjs run /],
    ['first process', /shell-inside/],
    ['outer process', /slipway-engine shell$/],
  ])('leaves nothing where its %s is killed', async (_, pattern) => {
    const held = script('exec sleep 300');
    const isRunning = async () => (await ofUser()).some(({ words }) => words === 'sleep 300');
    expect(await eventually(isRunning, deadline)).toBe(true);
    const [meant = Number.NaN] = (await ofUser()).filter(({ words }) => pattern.test(words)).map(idOf);
    process.kill(meant, 'SIGKILL');
    await held;
    expect(await eventually(async () => (await ofUser()).length === 0, 60_000)).toBe(true);
    expect(await scene.unchanged()).toEqual([]);
  });

  it('says what keeps a user from namespaces of their own', async () => {
    const words = ['run', ...options, '--', 'true'].map((word) => `'${word}'`).join(' ');
    // Limits count below the user namespace that has them (namespaces(7)), so that nobody else's are changed.
    const outcome = await run(product.place, [
      'unshare',
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      `echo 0 > /proc/sys/user/max_user_namespaces && ${cli} ${words}`,
    ]);
    expect(outcome.stderr).toContain('shell-refused');
    expect(outcome.stderr).toContain('user.max_user_namespaces is 0');
    expect(outcome.code).toBe(6);
  });
});
