/**
 * The arms of the benchmark: ways for the laptop to reach one pod. Each opens, answers the address to call, and
 * closes again, so that they can take turns in one run.
 */
import { spawn } from 'node:child_process';
import type { Product } from '../cluster/product.ts';
import { eventually, must, type Place, run } from '../cluster/programs.ts';

export interface Arm {
  readonly name: string;
  /** Opens the way and answers HOST:PORT of the load server. */
  open(): Promise<string>;
  close(): Promise<void>;
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
    name: 'direct route',
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
    name: 'kubectl port-forward',
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

/** Slipway itself; `timings` hears how long connecting and disconnecting took, in milliseconds. */
export function slipwayArm(
  product: Product,
  context: string,
  target: Target,
  args: readonly string[],
  timings: (what: 'connect' | 'disconnect', milliseconds: number) => void,
): Arm {
  return {
    name: 'Slipway',
    async open() {
      const started = performance.now();
      await product.connect(context, ...args);
      timings('connect', performance.now() - started);
      return `${target.podAddress}:${target.port}`;
    },
    async close() {
      const started = performance.now();
      await product.slipway(['disconnect']);
      timings('disconnect', performance.now() - started);
    },
  };
}
