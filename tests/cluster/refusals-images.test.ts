/** Bad input by the agent's image: none, or without a shell or an agent inside, or with one that crashes. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { importCrashingImage } from './images.ts';
import { nativeWith } from './other-version.ts';
import { Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

describe('an agent', () => {
  let refusals: Refusals;
  const product = (environment: Record<string, string> = {}) => refusals.productWith(refusals.kubeconfig, environment);
  const inWebshop = (...image: string[]) => ['sandbox', '--namespace', workload.http.namespace, ...image];

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-images');
  });
  afterAll(() => refusals.close());

  it('whose image cannot be pulled', () =>
    // A registry that refuses: the sandbox's nodes have no resolver, and a name that times out is waited for longer.
    refusals.refused(product(), inWebshop('--base-image', '127.0.0.1:1/image:1'), {
      code: 'agent-image-unpullable',
      exitCode: 5,
      cause: /ErrImagePull|ImagePullBackOff/,
      fix: 'slipway connect sandbox --base-image IMAGE',
    }));

  it('whose base image has no shell', () =>
    refusals.refused(product(), inWebshop('--base-image', 'sandbox.local/pause:1'), {
      code: 'agent-no-shell',
      exitCode: 5,
      cause: /exec: "sh": executable file not found/,
      fix: 'sh, cat and chmod',
    }));

  it('whose image has no agent inside', () =>
    refusals.refused(product(), inWebshop('--agent-image', workload.baseImage), {
      code: 'agent-missing',
      exitCode: 5,
      cause: 'it does not contain the program /slipway-agent',
      fix: 'npm run agent-image',
    }));

  it('whose image crashes, with its last words', async () => {
    const image = await importCrashingImage(refusals.scene, refusals.folder());
    await refusals.refused(product(), inWebshop('--agent-image', image), {
      code: 'agent-crashed',
      exitCode: 5,
      cause: /exit code 2.*usage: slipway-helper/,
      fix: 'last output above',
    });
  });

  it('that crashes after it was sent, with its last words', async () => {
    const native = join(import.meta.dirname, '../../native/bin');
    const crashing = nativeWith(refusals.folder(), { 'slipway-agent': join(native, 'slipway-helper') });
    await refusals.refused(product({ SLIPWAY_NATIVE_DIR: crashing }), usual, {
      code: 'agent-crashed',
      exitCode: 5,
      cause: /usage: slipway-helper/,
      fix: 'last output above',
    });
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
