/** Bad input by the kubeconfig: files, server, certificates, credentials, clocks, credential plugins. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testdata } from '../../app/adapters/testing/api-server.ts';
import { Administrator } from './administrator.ts';
import { startFront } from './api-front.ts';
import { must, run } from './programs.ts';
import { connected, Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

describe('a kubeconfig', () => {
  let refusals: Refusals;
  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-kubeconfig');
  });
  afterAll(() => refusals.close());

  it('that is missing', () =>
    refusals.refused(refusals.productWith(null, { HOME: '/nonexistent' }), [], {
      code: 'kubeconfig-missing',
      exitCode: 3,
      cause: 'looked for /',
      fix: 'slipway sandbox up',
    }));

  it('that is broken YAML', () =>
    refusals.refused(refusals.productWith('clusters: [}{'), [], {
      code: 'kubeconfig-unreadable',
      exitCode: 3,
      cause: /\S/,
      fix: 'error is above',
    }));

  it('without the context asked for', () =>
    refusals.refused(refusals.productWith(refusals.kubeconfig), ['nowhere'], {
      code: 'context-unknown',
      exitCode: 2,
      cause: /\S/,
      fix: 'slipway contexts',
    }));

  it('with an API server that nothing listens on', () => {
    const text = refusals.edited(({ cluster }) => {
      cluster.server = 'https://127.0.0.1:16443';
    });
    return refusals.refused(refusals.productWith(text), usual, {
      code: 'api-unreachable',
      exitCode: 5,
      cause: 'ECONNREFUSED',
      fix: 'kubectl --context sandbox version',
    });
  });

  it('with another certificate authority', () => {
    const text = refusals.edited(({ cluster }) => {
      cluster['certificate-authority-data'] = readFileSync(join(testdata, 'authority.pem')).toString('base64');
    });
    return refusals.refused(refusals.productWith(text), usual, {
      code: 'certificate-untrusted',
      exitCode: 3,
      cause: 'unable to',
      fix: 'get a new kubeconfig',
    });
  });

  it('with a client certificate that has expired, with its date', () => {
    const file = join(refusals.scene.sandbox.state, 'certificates', 'expired.kubeconfig');
    return refusals.refused(refusals.productWith(readFileSync(file, 'utf8')), usual, {
      code: 'certificate-expired',
      exitCode: 3,
      cause: /the client certificate was valid until \w+ +\d+ .* GMT/,
      fix: 'Renew the client certificate',
    });
  });

  it('with credentials that are not accepted', () =>
    refusals.refused(refusals.productWith(refusals.as({ token: 'not-a-token' })), usual, {
      code: 'unauthorized',
      exitCode: 4,
      cause: /401|Unauthorized/,
      fix: 'Log in again',
    }));

  describe('and a server whose time is another than the laptop’s', () => {
    let administrator: Administrator;
    const token = () => administrator.token();
    const behindFront = (url: string, credentials: Record<string, unknown>) =>
      refusals.productWith(refusals.behind(url, credentials));

    beforeAll(async () => {
      administrator = await Administrator.make(refusals.scene.cluster, 'refusals');
    });
    afterAll(() => administrator.remove());

    it('a server certificate that is not valid yet: the clock is behind', async () => {
      await using front = await startFront(refusals.scene, { certificate: 'future-server', aheadSeconds: 0 });
      await refusals.refused(behindFront(front.url, { token: await token() }), usual, {
        code: 'clock-wrong',
        exitCode: 6,
        cause: 'not valid yet',
        fix: 'timedatectl set-ntp true',
      });
    });

    it('a server certificate that has expired', async () => {
      await using front = await startFront(refusals.scene, { certificate: 'expired-server', aheadSeconds: 0 });
      await refusals.refused(behindFront(front.url, { token: await token() }), usual, {
        code: 'certificate-expired',
        exitCode: 3,
        cause: "the API server's certificate has expired",
        fix: 'check the clock of this computer',
      });
    });

    it('credentials refused while the clocks are two hours apart: the clock is named, not the login', async () => {
      await using front = await startFront(refusals.scene, { certificate: 'server', aheadSeconds: 7200 });
      await refusals.refused(behindFront(front.url, { token: 'ended-already' }), usual, {
        code: 'clock-wrong',
        exitCode: 6,
        cause: /it is 1(19|20) minutes behind the API server's clock, so the credentials are refused/,
        fix: 'timedatectl set-ntp true',
      });
    });

    it('credentials accepted nevertheless: connects, and says that the clock is off', async () => {
      await using front = await startFront(refusals.scene, { certificate: 'server', aheadSeconds: 600 });
      const product = behindFront(front.url, { token: await token() });
      await product.connect(...usual);
      const { degraded } = await connected(product);
      const clock = degraded.find(({ code }) => code === 'clock-wrong');
      expect(clock).toMatchObject({ severity: 'warning', cause: expect.stringContaining('ahead of') });
      await must(refusals.scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
      await refusals.expectUnchanged(product);
    });
  });

  describe('with a credential plugin', () => {
    const plugin = (script: string, hint?: string) => {
      const file = join(refusals.folder(), 'plugin');
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      const apiVersion = 'client.authentication.k8s.io/v1';
      return {
        file,
        kubeconfig: (command = file) =>
          refusals.as({
            exec: {
              apiVersion,
              command,
              interactiveMode: 'Never',
              ...(hint === undefined ? {} : { installHint: hint }),
            },
          }),
      };
    };
    const trusting = [...usual, '--trust-exec'];

    it('that was not confirmed: it is not run', async () => {
      const ran = join(refusals.scene.product.folder, 'ran');
      const { file, kubeconfig } = plugin(`touch ${ran}`);
      const refusal = await refusals.refused(refusals.productWith(kubeconfig()), usual, {
        code: 'exec-unconfirmed',
        exitCode: 3,
        cause: /\S/,
        fix: 'slipway connect sandbox --trust-exec',
      });
      expect(refusal.stderr).toContain(file);
      expect((await run(refusals.scene.laptop, ['test', '-e', ran])).code).not.toBe(0);
    });

    it('that is missing, with the hint of the kubeconfig', () =>
      refusals.refused(
        refusals.productWith(plugin('', 'Get it from example.test.').kubeconfig('slipway-no-such-plugin')),
        trusting,
        {
          code: 'exec-missing',
          exitCode: 3,
          cause: 'Get it from example.test.',
          fix: 'PATH of your login shell',
        },
      ));

    it('that fails, with its own words', () =>
      refusals.refused(refusals.productWith(plugin('echo please log in first >&2; exit 3').kubeconfig()), trusting, {
        code: 'exec-failed',
        exitCode: 3,
        cause: 'please log in first',
        fix: 'run it by hand',
      }));

    it('that is slow: it is ended with all that it started, and its words are told', async () => {
      const { kubeconfig } = plugin('echo open your browser >&2\nsleep 4711 & wait');
      const product = refusals.productWith(kubeconfig(), { SLIPWAY_EXEC_SECONDS: '2' });
      await refusals.refused(product, trusting, {
        code: 'exec-slow',
        exitCode: 3,
        cause: /stopped after 2 seconds; it said: open your browser/,
        fix: 'run it by hand once',
      });
      const left = await run(refusals.scene.laptop, ['sh', '-c', 'grep -lsa "^sleep.4711" /proc/[0-9]*/cmdline']);
      expect(left.stdout).toBe('');
    });

    it('that writes garbage', () =>
      refusals.refused(refusals.productWith(plugin('echo hello').kubeconfig()), trusting, {
        code: 'exec-output',
        exitCode: 3,
        cause: 'not JSON',
        fix: 'ExecCredential',
      }));
  });

  it('with a namespace that does not exist', () =>
    refusals.refused(
      refusals.productWith(refusals.kubeconfig),
      ['sandbox', '--namespace', 'nowhere', '--base-image', workload.baseImage],
      {
        code: 'namespace-missing',
        exitCode: 2,
        cause: 'none of this name',
        fix: 'slipway namespaces --context sandbox',
      },
    ));

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
