/** What every EnginePort must do, up to `prepare`: what changes nothing and needs no cluster. */
import { afterEach, describe, expect, it } from 'vitest';
import { failure, problem, type Result, success } from '../../contract/index.ts';
import type { EngineEvent, Prepared } from '../../core/engine-messages.ts';
import type { EngineLink, EnginePort } from '../../core/ports.ts';

export interface EngineSetting {
  readonly port: EnginePort;
  /** Socket of a helper that runs, with no lease granted. */
  readonly helperSocket: string;
  /** Ends the engine as by SIGKILL. */
  kill(link: EngineLink): Promise<void>;
  close(): Promise<void>;
}

export function testEngine(name: string, make: () => Promise<EngineSetting>): void {
  describe(`engine: ${name}`, () => {
    const settings: EngineSetting[] = [];
    const links: EngineLink[] = [];
    const begin = async () => {
      const setting = await make();
      settings.push(setting);
      return setting;
    };
    const start = async (setting: EngineSetting) => {
      const started = await setting.port.start();
      if (!started.ok) {
        throw new Error(started.problem.cause);
      }
      links.push(started.value);
      return started.value;
    };
    afterEach(async () => {
      await Promise.all(links.splice(0).map((link) => link.end(2000)));
      for (const setting of settings.splice(0)) {
        await setting.close();
      }
    });

    it('answers prepare with the laptop and one decision for each range, in order', async () => {
      const setting = await begin();
      const prepared = await prepare(await start(setting), setting, ['10.96.0.0/16', '0.0.0.0/0', '10.244.0.0/24']);
      expect(prepared.ok && prepared.value.decisions.map(({ prefix, decision }) => [prefix, decision])).toEqual([
        ['10.96.0.0/16', 'routed'],
        ['0.0.0.0/0', 'refused'],
        ['10.244.0.0/24', 'routed'],
      ]);
      expect(prepared.ok && prepared.value.host).toMatchObject({ tunAvailable: true, leftOver: 0 });
    });

    it('never routes a protected address: it is cut out of a range, or the range is refused', async () => {
      const setting = await begin();
      const prepared = await prepare(await start(setting), setting, ['10.96.0.0/16', '10.96.7.7/32'], ['10.96.7.7']);
      const because = { reason: 'protected', conflict: '10.96.7.7' };
      expect(prepared.ok && prepared.value.decisions).toMatchObject([
        { ...because, decision: 'cut', cuts: [{ ...because, prefix: '10.96.7.7/32' }] },
        { ...because, decision: 'refused' },
      ]);
    });

    it('holds the lease alone, and gives it back when it ends', async () => {
      const setting = await begin();
      const first = await start(setting);
      expect(await prepare(first, setting, [])).toMatchObject({ ok: true });
      const second = await start(setting);
      expect(await prepare(second, setting, [])).toMatchObject({ ok: false, problem: { code: 'helper-busy' } });
      await first.end(2000);
      expect(await first.ended).toBe('');
      expect(await eventually(() => prepare(second, setting, []))).toMatchObject({ ok: true });
    });

    it('gives the lease back when it is killed, and says why it ended', async () => {
      const setting = await begin();
      const first = await start(setting);
      await prepare(first, setting, []);
      await setting.kill(first);
      expect(await first.ended).not.toBe('');
      const second = await start(setting);
      expect(await eventually(() => prepare(second, setting, []))).toMatchObject({ ok: true });
    });

    it('stops when it is told to, and says what is left', async () => {
      const setting = await begin();
      const link = await start(setting);
      const stopped = heard(link, 'stopped');
      link.send({ command: 'stop' });
      expect(await stopped).toEqual({ event: 'stopped', stopped: { leftOver: 0 } });
      expect(await link.ended).toBe('');
    });

    it('takes the wish to hear of flows before there are any', async () => {
      const setting = await begin();
      const link = await start(setting);
      link.send({ command: 'flows', flows: { watched: true } });
      expect(await prepare(link, setting, [])).toMatchObject({ ok: true });
      link.send({ command: 'flows', flows: { watched: false } });
      const stopped = heard(link, 'stopped');
      link.send({ command: 'stop' });
      expect(await stopped).toEqual({ event: 'stopped', stopped: { leftOver: 0 } });
    });

    it('may be told things after it ended', async () => {
      const setting = await begin();
      const link = await start(setting);
      await link.end(2000);
      link.send({ command: 'stop' });
      await link.end(2000);
      expect(await link.ended).toBe('');
    });

    it('runs as processes of their own', async () => {
      const setting = await begin();
      const [first, second] = [await start(setting), await start(setting)];
      expect(first.processId).not.toBe(second.processId);
    });
  });
}

function heard(link: EngineLink, name: EngineEvent['event']): Promise<EngineEvent> {
  return new Promise((resolve) => {
    link.listen((event) => {
      if (event.event === name) {
        resolve(event);
      }
    });
  });
}

function prepare(
  link: EngineLink,
  setting: EngineSetting,
  prefixes: string[],
  protectedAddresses: string[] = [],
): Promise<Result<Prepared>> {
  return new Promise((resolve) => {
    link.listen((event) => {
      if (event.event === 'prepared') {
        resolve(success(event.prepared));
      } else if (event.event === 'failed') {
        const { code, cause } = event.failed.problem;
        resolve(failure({ ...problem('internal', cause), code }));
      }
    });
    link.send({
      command: 'prepare',
      prepare: {
        helperSocket: setting.helperSocket,
        ranges: prefixes.map((prefix) => ({ prefix, decision: 'routed' })),
        protected: protectedAddresses,
      },
    });
  });
}

/** The helper may need a moment to undo the engine before. */
async function eventually<Value>(ask: () => Promise<Result<Value>>): Promise<Result<Value>> {
  let answer = await ask();
  for (let tries = 0; !answer.ok && tries < 40; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await ask();
  }
  return answer;
}
