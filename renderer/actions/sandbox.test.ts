import { expect, it } from 'vitest';
import { defaultSettings, type Settings, success } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { sampleSnapshot } from '../preview/samples.ts';
import { createApp } from '../store/app.ts';
import { chinese } from '../words/chinese.ts';
import { createWords, sayWith } from '../words/words.ts';
import { stopSandbox } from './sandbox.ts';

async function isOffered(settings: Settings): Promise<boolean> {
  const host = memoryHost({ snapshot: sampleSnapshot, answers: { getSettings: () => success(settings) } });
  const app = createApp(host, null);
  await expect.poll(() => app.settings.store.getState().settings).not.toBe(null);
  return stopSandbox.isAvailable({ app, say: sayWith(createWords('zh-CN', chinese)) });
}

it('ending the sandbox is offered only where one runs', async () => {
  expect(await isOffered(defaultSettings)).toBe(false);
  const kubeconfigFiles = ['/home/ada/.local/state/slipway/sandbox/sandbox/certificates/admin.kubeconfig'];
  expect(await isOffered({ ...defaultSettings, kubeconfigFiles })).toBe(true);
});
