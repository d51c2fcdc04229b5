/** Bad input: each with a code, a cause and a fix, an exit code, and nothing changed on the laptop or in the cluster. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../app/contract/index.ts';
import { Product } from './product.ts';
import { must, type Outcome, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('bad input', () => {
  let scene: Scene;
  let kubeconfig = '';
  let made = 0;

  beforeAll(async () => {
    scene = await setScene('plain', 'refusals');
    kubeconfig = readFileSync(scene.sandbox.kubeconfig, 'utf8');
  });
  afterAll(() => closeScene(scene));

  /** A product with this kubeconfig (null: none at all). */
  function productWith(text: string | null, environment: Record<string, string> = {}): Product {
    made += 1;
    const folder = join(scene.product.folder, `case-${made}`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'kubeconfig');
    if (text !== null) {
      writeFileSync(file, text);
    }
    return new Product(scene.laptop, folder, file, environment);
  }

  /** Connects, expects this problem with a cause and a fix, and nothing changed. */
  async function refused(product: Product, code: string, args: readonly string[], exitCode: number): Promise<Outcome> {
    const outcome = await product.slipway(['connect', ...args], { deadline: 110_000 });
    const said = `${outcome.stderr}\n${outcome.stdout}`;
    expect(said).toContain(`[${code}]`);
    expect(said).toMatch(/what to do:|run:|to copy:/);
    expect(outcome.code, said).toBe(exitCode);
    await product.slipway(['disconnect', '--quit']);
    expect(await scene.unchanged()).toEqual([]);
    return outcome;
  }

  const usual = ['--namespace', workload.http.namespace, '--base-image', workload.baseImage];

  it('no kubeconfig', () => refused(productWith(null, { HOME: '/nonexistent' }), 'kubeconfig-missing', [], 3));
  it('broken YAML', () => refused(productWith('clusters: [}{'), 'kubeconfig-unreadable', [], 3));
  it('an unknown context', () => refused(productWith(kubeconfig), 'context-unknown', ['nowhere'], 2));

  it('an API server that nothing listens on', async () => {
    const product = productWith(kubeconfig.replace(/server: .*/, 'server: https://127.0.0.1:9'));
    await refused(product, 'api-unreachable', ['sandbox', ...usual], 5);
  });

  it('a certificate authority that is another', async () => {
    const other = await must(scene.laptop, [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=other',
      '-days',
      '2',
    ]);
    const text = kubeconfig.replace(
      /certificate-authority-data: .*/,
      `certificate-authority-data: ${Buffer.from(other).toString('base64')}`,
    );
    await refused(productWith(text), 'certificate-untrusted', ['sandbox', ...usual], 3);
  });

  it('credentials that are not accepted', async () => {
    const text = kubeconfig
      .replace(/client-certificate-data: .*/, 'token: not-a-token')
      .replace(/\n\s*client-key-data: .*/, '');
    await refused(productWith(text), 'unauthorized', ['sandbox', ...usual], 4);
  });

  it('an account without rights, with the Role to ask for', async () => {
    const token = await scene.cluster.kubectl(['create', 'token', '-n', 'dev', 'default']);
    const text = kubeconfig
      .replace(/client-certificate-data: .*/, `token: ${token.trim()}`)
      .replace(/\n\s*client-key-data: .*/, '');
    const outcome = await refused(productWith(text), 'forbidden', ['sandbox', ...usual], 4);
    expect(outcome.stderr).toContain('kind: Role');
  });

  it('a namespace that does not exist', () =>
    refused(
      productWith(kubeconfig),
      'namespace-missing',
      ['sandbox', '--namespace', 'nowhere', '--base-image', workload.baseImage],
      2,
    ));

  it('an image that cannot be pulled', () =>
    refused(
      productWith(kubeconfig),
      'agent-image-unpullable',
      ['sandbox', '--namespace', 'webshop', '--base-image', 'nothing.invalid/image:1'],
      5,
    ));

  it('a base image without a shell', () =>
    refused(
      productWith(kubeconfig),
      'agent-no-shell',
      ['sandbox', '--namespace', 'webshop', '--base-image', 'sandbox.local/pause:1'],
      5,
    ));

  it('a namespace whose quota refuses pods', async () => {
    await scene.cluster.kubectl(['create', 'namespace', 'full'], undefined);
    await scene.cluster.kubectl(['create', 'quota', 'none', '-n', 'full', '--hard=pods=0']);
    try {
      await refused(
        productWith(kubeconfig),
        'agent-refused',
        ['sandbox', '--namespace', 'full', '--base-image', workload.baseImage],
        5,
      );
    } finally {
      await scene.cluster.kubectl(['delete', 'namespace', 'full', '--wait=false']);
    }
  });

  it('a cluster range that the laptop already uses, named with its interface', async () => {
    await must(scene.laptop, ['ip', 'route', 'add', '10.96.5.0/24', 'dev', 'lo']);
    const before = await must(scene.laptop, ['ip', 'route']);
    try {
      const product = productWith(kubeconfig);
      const outcome = await product.slipway(['connect', 'sandbox', ...usual]);
      expect(outcome.stderr).toContain('[route-refused]');
      expect(outcome.stderr).toContain('10.96.5.0/24');
      expect(outcome.stderr).toContain('lo');
      expect(outcome.code).toBe(6);
      await product.slipway(['disconnect', '--quit']);
      expect(await must(scene.laptop, ['ip', 'route'])).toBe(before);
    } finally {
      await must(scene.laptop, ['ip', 'route', 'delete', '10.96.5.0/24', 'dev', 'lo']);
    }
    expect(await scene.unchanged()).toEqual([]);
  });

  describe('a credential plugin', () => {
    const plugin = (script: string) => {
      const file = join(scene.product.folder, `plugin-${made}`);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      return kubeconfig
        .replace(
          /client-certificate-data: .*/,
          `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${file}, interactiveMode: Never}`,
        )
        .replace(/\n\s*client-key-data: .*/, '');
    };

    it('is not run before it was confirmed', async () => {
      const ran = join(scene.product.folder, 'ran');
      await refused(productWith(plugin(`touch ${ran}`)), 'exec-unconfirmed', ['sandbox', ...usual], 3);
      expect((await run(scene.laptop, ['test', '-e', ran])).code).not.toBe(0);
    });

    it('that is missing', () =>
      refused(
        productWith(plugin('').replace(/command: [^,]*/, 'command: slipway-no-such-plugin')),
        'exec-missing',
        ['sandbox', '--trust-exec', ...usual],
        3,
      ));

    it('that fails, with its own words', async () => {
      const outcome = await refused(
        productWith(plugin('echo please log in first >&2; exit 3')),
        'exec-failed',
        ['sandbox', '--trust-exec', ...usual],
        3,
      );
      expect(outcome.stderr).toContain('please log in first');
    });

    it('that writes garbage', () =>
      refused(productWith(plugin('echo hello')), 'exec-output', ['sandbox', '--trust-exec', ...usual], 3));
  });

  it('a resolver that cannot be set: connects without names and says so', async () => {
    await must(scene.laptop, ['sh', '-c', 'mount -t tmpfs -o ro tmpfs /mnt 2>/dev/null || true']);
    await must(scene.laptop, [
      'sh',
      '-c',
      'touch /run/fixed-resolv.conf && cat /etc/resolv.conf > /run/fixed-resolv.conf && mount --bind /run/fixed-resolv.conf /etc/resolv.conf && mount -o remount,ro,bind /etc/resolv.conf',
    ]);
    try {
      const product = productWith(kubeconfig);
      const outcome = await product.slipway(['connect', 'sandbox', ...usual]);
      expect(outcome.code, outcome.stderr).toBe(0);
      const connection = (await product.snapshot()).connections.find(
        (one): one is Extract<Connection, { phase: 'connected' }> => one.phase === 'connected',
      );
      expect(connection?.degraded.map((problem) => problem.code)).toContain('resolver-unset');
      const address = await scene.cluster.serviceAddress(workload.http.namespace, workload.http.service);
      await must(scene.laptop, ['curl', '-sS', '-m', '5', `http://${address}/`]);
      await product.disconnect();
    } finally {
      await must(scene.laptop, ['umount', '/etc/resolv.conf']);
      await run(scene.laptop, ['umount', '/mnt']);
      await run(scene.laptop, ['rm', '-f', '/run/fixed-resolv.conf']);
    }
    expect(await scene.unchanged()).toEqual([]);
  });

  it("a journal's disk that is full: refuses before touching anything", async () => {
    await must(scene.laptop, ['mount', '-t', 'tmpfs', '-o', 'size=16k,nr_inodes=4', 'tmpfs', '/var/lib/slipway']);
    try {
      await run(scene.laptop, ['sh', '-c', 'head -c 65536 /dev/zero > /var/lib/slipway/filler']);
      const product = productWith(kubeconfig);
      const outcome = await product.slipway(['connect', 'sandbox', ...usual]);
      expect(outcome.stderr).toContain('[journal-unwritable]');
      await product.slipway(['disconnect', '--quit']);
    } finally {
      await must(scene.laptop, ['umount', '/var/lib/slipway']);
    }
    expect(await scene.unchanged()).toEqual([]);
  });
});
