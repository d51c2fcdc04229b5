import { describe, expect, it } from 'vitest';
import type { Report } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { CoreHarness } from './core-harness.ts';

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl';
const secrets = [token, 'hunter22', 'jane', 'payments-prod', 'kube.corp', '203.0.113.40', '10.96.0.0', 'janes-laptop'];

/** A world with something to hide in every place that a report is made of. */
function planted() {
  return new CoreHarness(({ kubeconfig, report, cluster }) => {
    const server = 'https://kube.corp.example.com:6443';
    kubeconfig.contexts = [
      context('payments-prod', server, {
        current: true,
        execPlugin: { ...plugin('/home/jane/bin/login'), arguments: ['--password', 'hunter22'], trusted: true },
      }),
    ];
    cluster.version = 'v1.34.0';
    report.current = {
      ...report.current,
      system: { system: 'Linux', shell: '/home/jane/bin/zsh' },
      logs: [
        { name: 'core.log', text: `Authorization: Bearer ${token}\ndial 203.0.113.40 for payments-prod\n` },
        { name: 'engine.log', text: `dialled ${server} by jane on janes-laptop\npassword=hunter22\n` },
        { name: 'helper.log', text: '' },
      ],
    };
  });
}

async function prepared(harness: CoreHarness): Promise<Report> {
  const answer = await harness.call('prepareReport', {});
  if (!answer.ok) {
    throw new Error(answer.problem.cause);
  }
  return answer.value;
}

describe('a report', () => {
  it('holds no secret in any of its files, and says what was replaced', async () => {
    const harness = planted();
    const { file, digest } = harness.world.kubeconfig.contexts[0] ?? expect.fail();
    await harness.call('confirmContext', { context: 'payments-prod', file, digest });
    await harness.call('connect', { context: 'payments-prod' });
    await harness.until('connected');
    await harness.call('changeSettings', {
      kubeconfigFiles: ['/home/jane/more'],
      contexts: [
        { context: 'payments-prod', file: '/home/jane/.kube/config', agentImage: 'kube.corp.example.com/a:1' },
      ],
    });
    const report = await prepared(harness);
    expect(report.files.map(({ name }) => name)).toEqual([
      'versions.json',
      'checks.json',
      'snapshot.json',
      'settings.json',
      'contexts.json',
      'activity.json',
      'core.log',
      'engine.log',
    ]);
    for (const { name, text, bytes } of report.files) {
      expect(bytes, name).toBe(Buffer.byteLength(text));
      for (const secret of secrets) {
        expect(text.toLowerCase().includes(secret.toLowerCase()), `${secret} in ${name}`).toBe(false);
      }
    }
    for (const [kind, count] of Object.entries(report.redactions)) {
      expect(count, kind).toBeGreaterThan(0);
    }
    const snapshot = JSON.parse(report.files[2]?.text ?? '');
    expect(snapshot.connections[0]).toMatchObject({ phase: 'connected', cluster: { context: 'cluster-1' } });
  });

  it('is written exactly as it was shown, once it was', async () => {
    const harness = planted();
    const report = await prepared(harness);
    const written = await harness.call('writeReport', { id: report.id, path: '/home/jane/report.zip' });
    expect(written).toEqual({ ok: true, value: { path: '/home/jane/report.zip' } });
    const files = harness.world.report.written.get('/home/jane/report.zip');
    expect(files?.map(({ name, text }) => [name, text])).toEqual(report.files.map(({ name, text }) => [name, text]));
    const again = await harness.call('writeReport', { id: report.id, path: '/home/jane/report.zip' });
    expect(again).toMatchObject({ ok: false, problem: { code: 'report-unwritable' } });
    expect(await harness.call('writeReport', { id: 'report-77' })).toMatchObject({
      ok: false,
      problem: { code: 'report-unknown' },
    });
    expect(await harness.call('listActivity', {})).toMatchObject({
      ok: true,
      value: { entries: expect.arrayContaining([expect.objectContaining({ kind: 'report-written' })]) },
    });
  });

  it('tells neither side of a context that changed', async () => {
    const harness = planted();
    const { file, digest } = harness.world.kubeconfig.contexts[0] ?? expect.fail();
    await harness.call('confirmContext', { context: 'payments-prod', file, digest });
    harness.world.kubeconfig.change([context('payments-prod', 'https://gate.other-example.net', { user: 'deployer' })]);
    await harness.call('connect', { context: 'payments-prod' }); // its problem says what the context was and is
    const { files } = await prepared(harness);
    expect(files.map(({ text }) => text).join('\n')).toContain('context-changed');
    for (const { name, text } of files) {
      for (const side of ['kube.corp', 'jane', 'gate.other', 'deployer']) {
        expect(text.includes(side), `${side} in ${name}`).toBe(false);
      }
    }
  });

  it('starts no helper: it is no reason to ask for a password', async () => {
    const harness = planted();
    const report = await prepared(harness);
    expect(harness.world.host.helperRuns).toBe(false);
    expect(report.files.find(({ name }) => name === 'checks.json')?.text).toContain('not started for this');
  });

  it('can be cancelled while it is prepared, and nothing is written', async () => {
    const harness = planted();
    harness.world.faults.plan('reach', 'hangs');
    const { file, digest } = harness.world.kubeconfig.contexts[0] ?? expect.fail();
    await harness.call('confirmContext', { context: 'payments-prod', file, digest });
    const answer = harness.core.call('prepareReport', {});
    await harness.clock.advance(500);
    expect(await harness.call('cancelWork', { work: 'report-1' })).toMatchObject({ ok: true });
    expect(await answer).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(harness.world.report.written.size).toBe(0);
  });
});
