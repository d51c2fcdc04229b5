/** Bad input by other programs of ours: a second Slipway, of this user or another; helper, agent and core that do not fit. */
import { spawn } from 'node:child_process';
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocolNumber } from '../../app/contract/index.ts';
import { engineProtocol } from '../../app/core/engine-messages.ts';
import { takeLaptopSnapshot } from './laptop-snapshot.ts';
import { buildOtherNative, copyOtherCore, nativeWith, otherProtocol } from './other-version.ts';
import { type LaptopPlace, Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { connected, expectTold, Refusals, usual } from './refusals.ts';

const native = join(import.meta.dirname, '../../native/bin');
/** Somebody without rights on this machine; nobody else runs as this number. */
const stranger = 65511;

describe('beside', () => {
  let refusals: Refusals;
  let otherNative = '';
  const product = (environment: Record<string, string> = {}) => refusals.productWith(refusals.kubeconfig, environment);
  const orders = () => must(refusals.scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-others');
    otherNative = refusals.folder();
    await buildOtherNative(otherNative);
  });
  afterAll(() => refusals.close());

  /** While this product is connected, `work` must change nothing, and the connection lives on. */
  async function whileConnected(first: Product, work: () => Promise<void>): Promise<void> {
    const { laptop } = refusals.scene;
    await first.connect(...usual);
    try {
      const { processes: _, sockets: __, ...before } = await takeLaptopSnapshot(laptop, laptop.holder);
      const objects = await refusals.scene.ours();
      await work();
      const { processes: ___, sockets: ____, ...after } = await takeLaptopSnapshot(laptop, laptop.holder);
      expect(after).toEqual(before);
      // What the other one had begun to place goes within the time that any disconnect may take.
      const own = async () => (await refusals.scene.ours()).toSorted();
      await eventually(async () => isDeepStrictEqual(await own(), objects.toSorted()), 15_000);
      expect(await own()).toEqual(objects.toSorted());
      await connected(first);
      await orders();
    } finally {
      await first.disconnect();
    }
    await refusals.expectUnchanged(first);
  }

  it('another Slipway of this user', async () => {
    await whileConnected(product(), async () => {
      const second = product();
      expectTold(await second.slipway(['connect', ...usual]), {
        code: 'helper-busy',
        exitCode: 6,
        cause: 'of this user is already using the helper',
        fix: 'slipway disconnect',
      });
      await second.disconnect();
    });
  });

  it('another user’s Slipway', async () => {
    await whileConnected(product(), async () => {
      await using other = await theirs();
      await using _helper = await helperFor(join(other.project, 'native/bin/slipway-helper'));
      expectTold(await other.product.slipway(['connect', ...usual]), {
        code: 'helper-busy',
        exitCode: 6,
        cause: "another user's Slipway is using this computer's network",
        fix: 'that user has to do it',
      });
      await other.product.disconnect();
    });
  });

  it('no helper, for a user who may not start one', async () => {
    await using other = await theirs();
    await refusals.refused(other.product, usual, {
      code: 'helper-missing',
      exitCode: 6,
      cause: 'it needs root, and this program is not allowed to start it',
      fix: 'from a terminal',
    });
  });

  it('no helper, because it was not built', async () => {
    const incomplete = nativeWith(refusals.folder(), { 'slipway-helper': null });
    await stopHelper();
    await refusals.refused(product({ SLIPWAY_NATIVE_DIR: incomplete }), usual, {
      code: 'helper-program-missing',
      exitCode: 6,
      cause: 'slipway-helper does not exist',
      fix: 'npm run build-native',
    });
  });

  it('a helper that serves the user, and not this program', async () => {
    await using other = await theirs();
    const elsewhere = mkdtempSync(join(tmpdir(), 'slipway-elsewhere-'));
    try {
      cpSync(join(native, 'slipway-helper'), join(elsewhere, 'slipway-helper'));
      await using _helper = await helperFor(join(elsewhere, 'slipway-helper'));
      await refusals.refused(other.product, usual, {
        code: 'helper-refused',
        exitCode: 6,
        cause: /the program is not/,
        fix: 'one user and one program',
      });
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('a helper of another version', async () => {
    const other = nativeWith(refusals.folder(), { 'slipway-helper': join(otherNative, 'slipway-helper') });
    await stopHelper();
    await refusals.refused(product({ SLIPWAY_NATIVE_DIR: other }), usual, {
      code: 'helper-version',
      exitCode: 6,
      cause: `it speaks protocol ${otherProtocol}; this program speaks ${engineProtocol}`,
      fix: 'sudo pkill slipway-helper',
    });
    await stopHelper();
  });

  it('an agent of another version', async () => {
    const other = nativeWith(refusals.folder(), { 'slipway-agent': join(otherNative, 'slipway-agent') });
    await refusals.refused(product({ SLIPWAY_NATIVE_DIR: other }), usual, {
      code: 'agent-version',
      exitCode: 5,
      cause: `the agent speaks protocol ${otherProtocol}, the engine ${engineProtocol}`,
      fix: 'creates a new agent',
    });
  });

  it('a core of another version: what is said to do ends it', async () => {
    const ours = product();
    const program = copyOtherCore(refusals.folder());
    const [enter, ...rest] = [...ours.place.enter, process.execPath, program];
    const core = spawn(enter ?? '', rest, { stdio: 'ignore', env: { ...ours.place.environment } });
    const ended = new Promise((resolve) => core.once('close', resolve));
    const refused = () => ours.slipway(['status']);
    expect(await eventually(async () => (await refused()).stderr.includes('[core-version]'), 15_000)).toBe(true);
    expectTold(await ours.slipway(['connect', ...usual]), {
      code: 'core-version',
      exitCode: 6,
      cause: `it speaks protocol ${otherProtocol}; this program speaks ${protocolNumber}`,
      fix: 'slipway disconnect --quit',
    });
    expect((await ours.disconnect()).code).toBe(0);
    await ended;
    expect((await ours.slipway(['status'])).stdout).toBe('off\n');
    await refusals.expectUnchanged(ours);
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());

  async function stopHelper(): Promise<void> {
    await refusals.scene.product.signal(['helper'], 'SIGTERM');
    const gone = async () => refusals.scene.product.processIds('helper').length === 0;
    expect(await eventually(gone, 10_000)).toBe(true);
  }

  /** Starts this helper as root for the other user, as sudo does; it ends with the disposal. */
  async function helperFor(program: string): Promise<AsyncDisposable> {
    const { laptop } = refusals.scene;
    const [enter, ...rest] = [...laptop.enter, program, 'serve', '--user', String(stranger)];
    const helper = spawn(enter ?? '', rest, { stdio: 'ignore', env: { ...laptop.environment } });
    const gone = new Promise((resolve) => helper.once('close', resolve));
    const isThere = async () => (await run(laptop, ['test', '-S', `/run/slipway/${stranger}/helper.sock`])).code === 0;
    expect(await eventually(isThere, 10_000)).toBe(true);
    return {
      [Symbol.asyncDispose]: async () => {
        helper.kill('SIGTERM');
        await gone;
      },
    };
  }

  /** The product as another user has it. The checkout is shown where every user may read it. */
  async function theirs(): Promise<AsyncDisposable & { product: Product; project: string }> {
    const { laptop, sandbox } = refusals.scene;
    const project = '/run/laptop/project';
    await must(laptop, ['mkdir', '-p', project]);
    await must(laptop, ['mount', '--bind', join(import.meta.dirname, '../..'), project]);
    const folder = mkdtempSync(join(tmpdir(), 'slipway-stranger-'));
    chownSync(folder, stranger, stranger);
    const file = join(folder, 'kubeconfig');
    cpSync(sandbox.kubeconfig, file);
    writeFileSync(file, refusals.kubeconfig, { mode: 0o600 });
    chownSync(file, stranger, stranger);
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = laptop.environment;
    const place: LaptopPlace = {
      holder: laptop.holder,
      enter: [...laptop.enter, 'setpriv', `--reuid=${stranger}`, `--regid=${stranger}`, '--clear-groups', '--'],
      environment: { ...environment, HOME: folder },
    };
    return {
      product: new Product(place, folder, file, {}, project),
      project,
      [Symbol.asyncDispose]: async () => {
        await must(laptop, ['umount', project]);
        await must(laptop, ['rmdir', project]);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
});
