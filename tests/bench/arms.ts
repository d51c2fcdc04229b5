/**
 * The arms of the benchmark: ways for the laptop to reach one pod. Each opens, answers the address to call, and
 * closes again, so that they can take turns in one run.
 */
import { spawn } from 'node:child_process';
import { toldAddress } from '../../app/contract/index.ts';
import type { Product } from '../cluster/product.ts';
import { eventually, must, type Place, run } from '../cluster/programs.ts';
import { type ArmName, arms } from './figures.ts';

export interface Arm {
  readonly name: ArmName;
  /** Names of the cluster's Services resolve on the laptop while it is open. */
  readonly resolves: boolean;
  /** Opens the way and answers HOST:PORT of the load server. */
  open(): Promise<string>;
  close(): Promise<void>;
  /** Whether traffic takes the way that the arm is about, where that may change while it is open. */
  holds?(): Promise<boolean>;
  /** After the last round: takes away what stayed in the cluster between them. */
  end?(): Promise<void>;
}

export interface Target {
  readonly podAddress: string;
  readonly podRange: string;
  readonly nodeAddress: string;
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** Plain routing: the laptop sends the pod's range to its node. What the network itself can do. */
export function directArm(laptop: Place, target: Target): Arm {
  const route = [target.podRange, 'via', target.nodeAddress];
  return {
    name: arms.bare,
    resolves: false,
    async open() {
      await must(laptop, ['ip', 'route', 'replace', ...route]);
      return `${target.podAddress}:${target.port}`;
    },
    async close() {
      await must(laptop, ['ip', 'route', 'delete', ...route]);
    },
  };
}

/** `kubectl port-forward`: the peer that everyone has. */
export function portForwardArm(laptop: Place, target: Target, kubectl: string, kubeconfig: string): Arm {
  let child: ReturnType<typeof spawn> | undefined;
  const local = 19000;
  return {
    name: arms.portForward,
    resolves: false,
    async open() {
      const [program = '', ...enter] = laptop.enter;
      const forward = ['port-forward', '-n', target.namespace, `pod/${target.pod}`, `${local}:${target.port}`];
      child = spawn(program, [...enter, kubectl, '--kubeconfig', kubeconfig, ...forward], {
        stdio: 'ignore',
        env: { ...laptop.environment },
      });
      const listening = async () =>
        (await run(laptop, ['ss', '-ltnH', `sport = :${local}`])).stdout.includes(`:${local}`);
      if (!(await eventually(listening, 10_000, 50))) {
        throw new Error('kubectl port-forward did not come up');
      }
      return `127.0.0.1:${local}`;
    },
    async close() {
      const ended = new Promise((resolve) => child?.once('close', resolve));
      child?.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Slipway itself, over the API server or, with the user's word that a NodePort may be made, past it; or with the pods by other
 * addresses on the laptop than they have.
 */
export function slipwayArm(
  product: Product,
  context: string,
  target: Target,
  args: readonly string[],
  way: 'apiserver' | 'direct' | 'mapped',
): Arm {
  const path = way === 'direct' ? 'direct' : 'apiserver';
  const pods = `${target.podAddress}/16`;
  const settings = async (...words: readonly string[]) => {
    const outcome = await product.slipway(['settings', ...words, '--context', context]);
    if (outcome.code !== 0) {
      throw new Error(`settings ${words.join(' ')} ended with ${outcome.code}\n${outcome.stderr}`);
    }
  };
  const live = async () => {
    const { connections } = await product.snapshot();
    const connected = connections.find(({ phase }) => phase === 'connected');
    return connected?.phase === 'connected' ? connected : undefined;
  };
  const holds = async () => (await live())?.path === path;
  return {
    name: { apiserver: arms.ours, direct: arms.ourDirect, mapped: arms.ourMapped }[way],
    resolves: true,
    holds,
    async open() {
      // The default would try ways of its own where there are some.
      await settings('set', 'directPath', path === 'direct' ? 'node-port' : 'off');
      if (way === 'mapped') {
        await settings('add', 'mappedRanges', pods);
      }
      await product.connect(context, ...args);
      if (!(await eventually(holds, 30_000, 50))) {
        const tried = JSON.stringify((await live())?.pathReason ?? null);
        await product.disconnect();
        throw new Error(`Slipway did not take the path ${path}: ${tried}`);
      }
      const told = toldAddress((await live())?.routes ?? [], target.podAddress);
      if ((told === target.podAddress) === (way === 'mapped')) {
        throw new Error(`the pod is reached by ${told}`);
      }
      return `${told}:${target.port}`;
    },
    async close() {
      await product.slipway(['disconnect']);
      await settings('reset', 'directPath');
      if (way === 'mapped') {
        await settings('reset', 'mappedRanges');
      }
    },
  };
}
