/**
 * Row 6, the laptop's long sleep: everything of ours stands still for longer than the agent waits. It comes back by itself,
 * at another address and with another agent; connections are reset and none hangs. fault-sleep.test.ts has shorter ones.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { sleepAndMove } from './laptop-sleep.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually, run } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

/** How long this file's agents keep a silent session, how much longer one with connections, and wait for another then. */
const [expirySeconds, keepSeconds, idleSeconds] = [6, 2, 3];

describe('a laptop that slept and moved to another address', () => {
  let scene: Scene;
  let talking: HeldConnection;
  let idle: HeldConnection;
  let outside: OutsideNames;
  let restoreAddress = async () => {};

  const answers = async () =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${workload.http.fullName}/`])).code === 0;
  /** Names of the agents that run. */
  const agents = async () =>
    (await scene.agents()).filter((pod) => pod.status.phase === 'Running').map((pod) => pod.metadata.name);
  /** A node tells a second later than the agent serves that its pod runs. */
  const oneRuns = () => expect.poll(agents, { timeout: 20_000, interval: 100 }).toHaveLength(1);

  async function comesBack(): Promise<void> {
    const isBack = await eventually(answers, 60_000);
    expect(isBack, isBack ? '' : `the cluster does not answer\n${await scene.product.lastWords()}`).toBe(true);
    expect(await scene.product.reaches('connected', 30_000)).toBe(true);
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'sleep', {
      SLIPWAY_AGENT_IDLE_SECONDS: `${idleSeconds}`,
      SLIPWAY_AGENT_EXPIRY_SECONDS: `${expirySeconds}`,
      SLIPWAY_AGENT_KEEP_SECONDS: `${keepSeconds}`,
    });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  beforeEach(async () => {
    await comesBack();
    const target = `${workload.echo.name}:${workload.echo.port}`;
    talking = new HeldConnection(scene.laptop, target, '300ms');
    idle = new HeldConnection(scene.laptop, target, '0s');
    expect(await eventually(async () => talking.echoes > 1 && idle.isOpen, 10_000)).toBe(true);
    outside = new OutsideNames(scene.laptop);
    outside.start();
  });
  afterEach(async () => {
    await outside.stop();
    talking.end();
    idle.end();
    await restoreAddress();
    restoreAddress = async () => {};
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  });

  it('gets another agent when its own has ended itself meanwhile; connections are reset, idle ones too', async () => {
    await oneRuns();
    const before = await agents();
    let ending = '';
    const watching = scene.cluster
      .kubectl(['logs', '-n', workload.http.namespace, '-f', before[0] ?? ''])
      .then((text) => {
        ending = text;
      });
    await outside.stop(); // while all of ours stands still, its resolver does too
    const deadline = (expirySeconds + keepSeconds + idleSeconds) * 1000 + 20_000;
    const { woke, moveBack } = await sleepAndMove(scene, async () => (await agents()).length === 0, deadline);
    restoreAddress = moveBack;
    outside.start();
    expect(woke).toBe(true);
    await watching;
    expect(ending, 'the agent ended itself, nobody ended it').toMatch(/session expired[\s\S]*msg=ending/);
    await comesBack();
    const broken = async () => talking.output.includes('broken reset') && idle.output.includes('broken reset');
    const isBroken = await eventually(broken, 20_000);
    const said = `${talking.output.slice(-200)}\n${idle.output}`;
    expect(isBroken, isBroken ? '' : `${said}\n${await scene.product.lastWords()}`).toBe(true);
    await oneRuns();
    expect(await agents()).not.toEqual(before);
  });
});
