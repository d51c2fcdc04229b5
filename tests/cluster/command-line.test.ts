/** The command line as a user has it: several terminals, every output, exit codes, completion, and `npm start`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checkSchema, snapshotSchema } from '../../app/contract/index.ts';
import { Product } from './product.ts';
import { must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';
import { Terminal } from './terminal.ts';

describe('the command line', () => {
  let scene: Scene;
  const usual = ['--namespace', workload.http.namespace, '--base-image', workload.baseImage];
  const terminals: Terminal[] = [];

  const cli = (...args: string[]) => [process.execPath, join(process.cwd(), 'app/hosts/cli/slipway.mjs'), ...args];
  function terminal(command: readonly string[], product = scene.product): Terminal {
    const opened = new Terminal(product.place, command);
    terminals.push(opened);
    return opened;
  }
  /** Another user's worth of folders, with this kubeconfig. */
  function productWith(name: string, kubeconfig: string): Product {
    const folder = join(scene.product.folder, name);
    mkdirSync(folder, { recursive: true });
    return new Product(scene.laptop, folder, kubeconfig);
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'cli');
  });
  afterEach(async () => {
    for (const opened of terminals.splice(0)) {
      opened.kill();
    }
    await scene.product.disconnect();
    expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]); // the helper waits some seconds for another
  });
  afterAll(async () => {
    expect(await scene.unchanged()).toEqual([]);
    await closeScene(scene);
  });

  describe('while nothing is on', () => {
    it('lists what the cluster has, as text, wide and JSON', async () => {
      const contexts = await scene.product.slipway(['contexts']);
      expect(contexts.stdout).toMatch(/^ +NAME +CLUSTER +NAMESPACE\n\* +sandbox /);
      expect((await scene.product.slipway(['contexts', '-o', 'wide'])).stdout).toContain('CREDENTIALS');
      const namespaces = await scene.product.slipway(['namespaces', '-o', 'json']);
      expect(JSON.parse(namespaces.stdout)).toMatchObject({ complete: true });
      expect(JSON.parse(namespaces.stdout).namespaces).toContain('webshop');
      const services = await scene.product.slipway(['services', '-n', 'webshop']);
      expect(services.stdout).toMatch(/^webshop +orders +ClusterIP +[\d.]+ +http 80 +2 of 2 /m);
      expect(services.stdout).toMatch(/^webshop +ledger +ClusterIP +headless /m);
      expect(services.stdout).not.toMatch(/^infra/m);
      expect((await scene.product.slipway(['services', '-o', 'wide'])).stdout).toMatch(/^NAMESPACE .* ENDPOINTS$/m);
      const json = JSON.parse((await scene.product.slipway(['services', '-n', 'infra', '-o', 'json'])).stdout);
      expect(json.services.map((service: { name: string }) => service.name)).toContain('echo');
    });

    it('says that it is off, in JSON with a snapshot, whether or not a core runs', async () => {
      expect(await scene.product.slipway(['status'])).toMatchObject({ code: 0, stdout: 'off\n', stderr: '' });
      for (let turn = 0; turn < 2; turn += 1) {
        const { stdout } = await scene.product.slipway(['status', '-o', 'json']);
        expect(snapshotSchema.parse(JSON.parse(stdout)).connections).toEqual([]);
        await scene.product.slipway(['disconnect', '--quit']);
      }
    });

    it('changes a setting by its name, with and without a core, and refuses what it cannot be', async () => {
      const settings = (...words: string[]) => scene.product.slipway(['settings', ...words]);
      await scene.product.slipway(['disconnect', '--quit']);
      expect(await settings('add', 'excludedRanges', '192.0.2.7/24')).toMatchObject({ code: 0 });
      expect(await settings('get', 'excludedRanges')).toMatchObject({ code: 0, stdout: '192.0.2.0/24\n' });
      const refused = await settings('set', 'resolverMode', 'sometimes');
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('it can be automatic, off');
      expect(JSON.parse((await settings('reset', 'excludedRanges', '-o', 'json')).stdout)).toMatchObject({ value: [] });
    });

    it('doctor finds nothing broken and says what it could not check', async () => {
      const outcome = await scene.product.slipway(['doctor']);
      expect(outcome.code, outcome.stdout).toBe(0);
      expect(outcome.stdout.match(/^✓ [\w-]+/gm)).toEqual([
        '✓ helper',
        '✓ tun',
        '✓ resolver',
        '✓ routes',
        '✓ api-server',
        '✓ rights',
        '✓ clock',
      ]);
      expect(outcome.stdout).toMatch(/^– connection +not checked: not connected$/m);
      expect(outcome.stdout).toMatch(/^– tunnel +not checked: needs a connection: /m);
      expect(outcome.stderr).toContain('No fault in what was checked: 7 checks passed; 7 not checked.');
    });

    it('goes by the KUBECONFIG of the command at hand, not of the one that started the core', async () => {
      const product = productWith('other-kubeconfig', '/nonexistent/kubeconfig');
      expect((await product.slipway(['contexts'])).code).toBe(3);
      const environment = { KUBECONFIG: scene.sandbox.kubeconfig };
      expect((await product.slipway(['contexts'], { environment })).stdout).toContain('sandbox');
      await product.disconnect();
    });

    it('ends with the codes of docs/cli.md', async () => {
      const none = productWith('no-kubeconfig', '/nonexistent/kubeconfig');
      const silent = join(scene.product.folder, 'silent');
      const text = readFileSync(scene.sandbox.kubeconfig, 'utf8');
      writeFileSync(silent, text.replace(/server: .*/, 'server: https://127.0.0.1:9'));
      const refusing = join(scene.product.folder, 'refusing');
      writeFileSync(
        refusing,
        text.replace(/client-certificate-data: .*/, 'token: nobody').replace(/\n\s*client-key-data: .*/, ''),
      );
      const codes = [
        (await scene.product.slipway(['--help'])).code,
        (await scene.product.slipway(['conect'])).code,
        (await scene.product.slipway(['status', '--wach'])).code,
        (await scene.product.slipway(['connect', 'nowhere'])).code,
        (await none.slipway(['contexts'])).code,
        (await productWith('refusing-server', refusing).slipway(['namespaces'])).code,
        (await productWith('silent-server', silent).slipway(['doctor'])).code,
        (await scene.product.slipway(['sandbox', 'status', '--name', 'never-made'])).code,
      ];
      expect(codes).toEqual([0, 2, 2, 2, 3, 4, 5, 6]);
      for (const name of ['no-kubeconfig', 'refusing-server', 'silent-server']) {
        await productWith(name, silent).disconnect();
      }
    });

    it('completes commands and contexts in a real bash', async () => {
      const script = `source <("$@"); complete -p slipway
        for line in 'slipway conn' 'slipway connect ' 'slipway status -o j'; do
          COMP_LINE="$line"; COMP_POINT=\${#line}; _slipway; echo "$line: \${COMPREPLY[*]}"
        done`;
      const answer = await must(scene.product.place, ['bash', '-c', script, 'bash', ...cli('completion', 'bash')]);
      expect(answer.split('\n')).toEqual([
        'complete -F _slipway slipway',
        'slipway conn: connect',
        'slipway connect : sandbox',
        'slipway status -o j: json',
        '',
      ]);
    });
  });

  it('connects in one terminal, is watched in two others and disconnected from a fourth', async () => {
    const watching = terminal(cli('status', '--watch'));
    const machine = terminal(cli('status', '--watch', '-o', 'json'));
    expect(await watching.says('off\n', 10_000)).toBe(true);
    const connecting = await scene.product.slipway(['connect', 'sandbox', ...usual]);
    expect(connecting.code, connecting.stderr).toBe(0);
    expect(connecting.stdout).toBe('');
    expect(connecting.stderr).toMatch(/✓ cluster .*[\s\S]*✓ agent .*[\s\S]*● connected to sandbox/);

    const wide = (await scene.product.slipway(['status', '-o', 'wide'])).stdout;
    expect(wide).toMatch(/^connected to sandbox/);
    expect(wide).toMatch(/^ {2}route {5}10\.96\.0\.0\/16 routed/m);
    expect(wide).toMatch(/^ {2}steps .*agent \d/m);
    const doctor = await scene.product.slipway(['doctor', '-o', 'json']);
    expect(doctor.code, doctor.stdout).toBe(0);
    const { checks } = JSON.parse(doctor.stdout) as { checks: Check[] };
    expect(checks.map(({ check, state }) => `${check} ${state}`)).toEqual(
      checkSchema.shape.check.options.filter((check) => check !== 'containers').map((check) => `${check} good`),
    );

    expect(await watching.says(/connected to sandbox/, 5000)).toBe(true);
    expect((await scene.product.slipway(['disconnect'])).code).toBe(0);
    expect(await watching.says(/connecting to sandbox[\s\S]*\nconnected to[\s\S]*\noff/, 5000), watching.stdout).toBe(
      true,
    );
    expect(await watching.interrupt()).toBe(0);
    await machine.interrupt();
    const phases = machine.stdout
      .trim()
      .split('\n')
      .map((line) => snapshotSchema.parse(JSON.parse(line)).connections[0]?.phase ?? 'none');
    expect(phases[0]).toBe('none');
    expect(phases).toContain('preparing');
    expect(phases).toContain('connected');
    expect(phases.at(-1)).toBe('off');
  });

  it('undoes everything at Ctrl-C and ends with 130', async () => {
    const connecting = terminal(cli('connect', 'sandbox', ...usual));
    expect(await connecting.says('✓ cluster', 20_000)).toBe(true);
    expect(await connecting.interrupt(), connecting.stderr).toBe(130);
    expect(connecting.stderr).toContain('off; this computer is as it was');
    // The agent of a connect that came that far goes behind it.
    const status = async () => (await scene.product.slipway(['status'])).stdout;
    await expect.poll(status, { timeout: 30_000 }).toMatch(/^off/);
  });

  it('doctor says what is broken and what to do while the API server refuses', async () => {
    await scene.product.connect('sandbox', ...usual);
    const rule = ['OUTPUT', '-p', 'tcp', '--dport', '6443', '-j', 'REJECT', '--reject-with', 'tcp-reset'];
    await must(scene.laptop, ['iptables', '-I', ...rule]);
    try {
      const outcome = await scene.product.slipway(['doctor']);
      expect(outcome.code, outcome.stdout).toBe(5);
      expect(outcome.stdout).toMatch(/^✗ api-server +The API server does not answer/m);
      expect(outcome.stdout).toMatch(/^✓ helper/m);
      expect(outcome.stderr).toMatch(/what to do: Check the network[\s\S]*run: kubectl --context sandbox version/);
    } finally {
      await must(scene.laptop, ['iptables', '-D', ...rule]);
    }
    expect(await scene.product.reaches('connected', 40_000)).toBe(true);
  });

  it('disconnect --quit ends a core that hangs and restores the laptop', async () => {
    await scene.product.connect('sandbox', ...usual);
    await scene.product.signal(['core'], 'SIGSTOP');
    const status = await scene.product.slipway(['status']);
    expect(status.code).toBe(8);
    expect(status.stderr).toContain('disconnect --quit');
    expect(await scene.product.slipway(['disconnect', '--quit'])).toMatchObject({ code: 0 });
    expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]);
    expect((await scene.product.slipway(['status'])).stdout).toBe('off\n');
  });

  describe('npm start', () => {
    const npmStart = (...args: string[]) => ['node', join(process.cwd(), 'scripts/start.mjs'), ...args];

    it('offers the sandbox where there is no kubeconfig', async () => {
      const none = productWith('start-without', '/nonexistent/kubeconfig');
      const outcome = await run(none.place, npmStart('--terminal'), { deadline: 60_000 });
      expect(outcome.code).toBe(3);
      expect(outcome.stderr).toContain('No kubeconfig was found');
      expect(outcome.stderr).toContain('npm start -- --in-sandbox');
      await none.disconnect();
    });

    it('hands the window over in a file of the user’s alone where there is no display, and Ctrl-C ends', async () => {
      const started = terminal(npmStart());
      expect(await started.says('Ctrl-C disconnects and ends', 60_000), started.stderr).toBe(true);
      const file = /\S+open-slipway\.html/.exec(started.stderr)?.[0] ?? '';
      expect((await must(scene.laptop, ['stat', '-c', '%a', file])).trim()).toBe('600');
      expect(await started.interrupt()).toBe(0);
      expect((await run(scene.laptop, ['test', '-e', file])).code).not.toBe(0);
    });

    it('lists the contexts, connects, shows the live state, and Ctrl-C restores the laptop', async () => {
      const started = terminal(npmStart('--terminal', ...usual));
      expect(await started.says('Ctrl-C leaves', 60_000), started.stderr).toBe(true);
      expect(started.stdout).toMatch(/NAME +CLUSTER[\s\S]*sandbox/);
      await must(scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
      expect(await started.interrupt()).toBe(0);
      expect(started.stderr).toContain('off; this computer is as it was');
      expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]);
      expect(await scene.left()).toEqual([]);
    });
  });
});
