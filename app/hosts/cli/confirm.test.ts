import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CoreLink, problem } from '../../contract/index.ts';
import { CoreHarness } from '../../core/tests/core-harness.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { type ConfirmOptions, confirmContext } from './confirm.ts';
import { Ended } from './run.ts';

const execPlugin = { ...plugin('cloud-login'), environmentNames: ['LD_PRELOAD', 'REGION'] };
const production = (server: string) => context('production', server, { execPlugin });
let harness: CoreHarness;
let told = '';

beforeEach(() => {
  told = '';
  const hear = (text: unknown) => {
    told += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  harness = new CoreHarness(({ kubeconfig }) => {
    kubeconfig.contexts = [production('https://one')];
    kubeconfig.values.set('LD_PRELOAD', '/tmp/evil\u202e.so');
  });
});
afterEach(() => vi.restoreAllMocks());

/** Answers in turn; null: nobody is there to ask. */
async function confirm(answers: string[] | null, more: Partial<ConfirmOptions> = {}): Promise<unknown> {
  const link = { call: harness.call.bind(harness) } as unknown as CoreLink;
  const answer = answers === null ? null : async () => answers.shift() ?? expect.fail('asked too often');
  return confirmContext(link, 'production', { output: 'text', ...more }, answer).catch((error: unknown) => error);
}

async function listed() {
  const answer = await harness.call('listContexts', {});
  return (answer.ok ? answer.value.contexts[0] : undefined) ?? expect.fail('no context');
}

it('shows what there is to confirm, marks what loads code, and shows values once they are asked for', async () => {
  expect(await confirm(['n'])).toBeInstanceOf(Ended);
  expect(told).toMatch(/server +https:\/\/one/);
  expect(told).toContain('cloud-login get-token');
  expect(told).toMatch(/environment LD_PRELOAD +\*\*\* +can run other code/);
  expect(told).not.toContain('evil');
  expect(await listed()).toMatchObject({ confirmed: false });
  await confirm(['v', 'y']);
  expect(told).toContain('/tmp/evil\\u{202e}.so');
  expect(await listed()).toMatchObject({ confirmed: true, execPlugin: { trusted: true } });
});

it('shows both sides of what changed', async () => {
  await confirm(['y']);
  told = '';
  harness.world.kubeconfig.change([production('https://two')]);
  await confirm(['y']);
  expect(told).toMatch(/server +https:\/\/one +https:\/\/two/);
  expect(await listed()).toMatchObject({ confirmed: true, server: 'https://two' });
});

it('says so where nothing is to be confirmed', async () => {
  await confirm(['y']);
  await confirm([]);
  expect(told).toContain('This is already confirmed.');
});

it('confirms without a terminal only the digest that was looked at', async () => {
  const ended = await confirm(null);
  const { digest } = await listed();
  expect(ended).toMatchObject({ because: expect.stringContaining(digest), exitCode: 2 });
  harness.world.kubeconfig.change([production('https://two')]);
  expect(await confirm(null, { digest })).toMatchObject({ because: { code: 'context-changed' } });
  expect(await listed()).toMatchObject({ confirmed: false });
  await confirm(null, { digest: (await listed()).digest });
  expect(await listed()).toMatchObject({ confirmed: true });
});

it('tells that kuberc does not let the plugin run', async () => {
  const refusal = problem('exec-refused', 'kuberc sets credentialPluginPolicy: DenyAll', { command: 'cloud-login' });
  const refused = context('production', 'https://one', { execPlugin: { ...execPlugin, refusal } });
  harness.world.kubeconfig.change([refused]);
  await confirm(['n']);
  expect(told).toContain('Your kuberc does not allow the credential plugin cloud-login');
});

it('takes the context of the file that is named', async () => {
  expect(await confirm([], { file: '/elsewhere' })).toMatchObject({ because: { code: 'context-unknown' } });
});
