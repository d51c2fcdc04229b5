/**
 * Credentials that make trouble while connected: tokens that end every minute, and a plugin that hangs, fails or floods.
 * What is connected goes on, the window goes on, and there is one notice.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord } from '../soak/record.ts';
import { Administrator } from './administrator.ts';
import { HeldConnection } from './held-connection.ts';
import type { Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { connected, Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

const longest = 6 * 60 * 60 * 1000;
/** Of the plugin, in seconds; what it gives is renewed half a minute before its end (app/adapters/credentials). */
const lifetime = 32;
/** Longer than the core is away for anybody on the busiest machine that tests ran on. Milliseconds. */
const windowDeadline = 5000;

const troubles = {
  hangs: 'sleep 4712',
  fails: 'echo the login service is down >&2; exit 3',
  'floods its errors': 'exec yes the login service is down >&2',
  'floods its answer': 'exec yes',
} as const;

describe('credentials that make trouble', () => {
  let refusals: Refusals;
  let product: Product;
  let administrator: Administrator;
  let plugin = '';
  const mode = () => join(product.folder, 'mode');
  const keepToken = async () =>
    writeFileSync(join(product.folder, 'token'), await administrator.token(), { mode: 0o600 });

  beforeAll(async () => {
    refusals = await Refusals.begin('credentials');
    const folder = refusals.folder();
    plugin = join(folder, 'plugin');
    const kubeconfig = refusals.as({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' },
    });
    product = refusals.productWith(kubeconfig, { SLIPWAY_EXEC_SECONDS: '4' });
    writeFileSync(
      plugin,
      `#!/bin/sh
if [ -s ${mode()} ]; then . ${mode()}; fi
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"%s"}}' \\
  "$(cat ${join(product.folder, 'token')})" "$(date -u -d "+${lifetime} seconds" +%Y-%m-%dT%H:%M:%SZ)"
`,
    );
    chmodSync(plugin, 0o755);
    writeFileSync(mode(), '');
    administrator = await Administrator.make(refusals.scene.cluster, `troubled-${process.pid}`);
    await keepToken();
    await product.connect(...usual, '--trust-exec');
  });
  afterAll(async () => {
    await refusals.expectUnchanged(product);
    await administrator.remove();
    await refusals.close();
  });

  /** Makes the core ask the cluster something, for which it needs credentials that have not ended. */
  const ask = () => product.slipway(['namespaces', '--context', 'sandbox'], { deadline: 60_000 });

  async function isTroubled(trouble: keyof typeof troubles, record: FaultRecord): Promise<void> {
    const talking = new HeldConnection(refusals.scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '200ms');
    try {
      expect(await eventually(async () => talking.echoes > 1, 20_000), 'it is open').toBe(true);
      writeFileSync(mode(), troubles[trouble]);
      await new Promise((resolve) => setTimeout(resolve, 2500)); // until what the core has is to be renewed
      let isAsking = true;
      const asked = ask().finally(() => {
        isAsking = false;
      });
      while (isAsking) {
        const began = performance.now();
        const { degraded } = await connected(product);
        record.saw('window answers, s', (performance.now() - began) / 1000);
        expect(performance.now() - began, `${trouble}: the core is away`).toBeLessThan(windowDeadline);
        const told = degraded.filter(({ code }) => code.startsWith('exec-') || code === 'unauthorized');
        expect(told.length, JSON.stringify(told)).toBeLessThanOrEqual(1);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const outcome = await asked;
      expect(outcome.code, `${trouble}: ${outcome.stdout}`).not.toBe(0);
      expect(outcome.stderr, trouble).toMatch(/\[exec-(slow|failed|output)\]/);
      expect(await talking.goesOn(20_000), `${trouble}: ${talking.output.slice(-200)}`).toBe(true);
      writeFileSync(mode(), '');
      // A question joins a run that is under way, and the core may have begun one while the plugin was still in trouble.
      const isOver = async () => (await run(refusals.scene.laptop, ['pgrep', '-f', plugin])).code !== 0;
      expect(await eventually(isOver, 20_000), `${trouble}: the plugin ends`).toBe(true);
      const again = await ask();
      expect(again.code, `${trouble}, and good again: ${again.stderr}`).toBe(0);
      const isQuiet = async () => (await connected(product)).degraded.every(({ code }) => !code.startsWith('exec-'));
      expect(await eventually(isQuiet, 20_000), 'the notice goes').toBe(true);
    } finally {
      writeFileSync(mode(), '');
      talking.end();
    }
  }

  /** Who the token is of exists no more, and every connection ends: only new credentials bring the tunnel back. */
  async function isRevoked(record: FaultRecord): Promise<void> {
    const { laptop, sandbox } = refusals.scene;
    const held = new HeldConnection(laptop, `${workload.echo.name}:${workload.echo.port}`, '300ms');
    try {
      expect(await eventually(async () => held.echoes > 1, 20_000), 'it is open').toBe(true);
      await administrator.renew();
      await keepToken();
      const rule = ['OUTPUT', '-d', sandbox.addresses.apiServer, '-p', 'tcp', '--dport', '6443'];
      const reset = [...rule, '-j', 'REJECT', '--reject-with', 'tcp-reset'].join(' ');
      const script = `iptables -I ${reset}; sleep 1.5; iptables -D ${reset}`;
      await record.timed('token revoked and streams cut, back, s', async () => {
        await must(laptop, ['sh', '-c', script]);
        expect(await held.goesOn(60_000), held.output.slice(-200)).toBe(true);
      });
      expect(await product.reaches('connected', 30_000)).toBe(true);
    } finally {
      held.end();
    }
  }

  it(
    'neither stall what is connected nor the window',
    async () => {
      const record = new FaultRecord('credentials');
      await record.eachRound(async () => {
        for (const trouble of Object.keys(troubles) as (keyof typeof troubles)[]) {
          await isTroubled(trouble, record);
        }
        await isRevoked(record);
      });
    },
    longest,
  );
});
