/** What the tests of bad input share: a product for each case, what its refusal must say, and that it changed nothing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { testdata } from '../../app/adapters/testing/api-server.ts';
import type { Connection, ProblemCode } from '../../app/contract/index.ts';
import { Product } from './product.ts';
import { eventually, type Outcome } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/** What a refused connect must tell. */
export interface Told {
  readonly code: ProblemCode;
  readonly exitCode: number;
  /** Found in the sentence that says what happened this time. */
  readonly cause: string | RegExp;
  /** Found in what to do, to run or to copy. */
  readonly fix: string | RegExp;
}

export interface Refusal extends Outcome {
  readonly cause: string;
  readonly fixes: string;
}

/** The only cluster, user and context of a kubeconfig, to be changed in place. */
export interface KubeconfigParts {
  readonly cluster: Record<string, unknown>;
  readonly user: Record<string, unknown>;
  readonly context: Record<string, unknown>;
}

export const usual = ['sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage];

export class Refusals {
  readonly scene: Scene;
  /** Text of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  #made = 0;

  private constructor(scene: Scene) {
    this.scene = scene;
    this.kubeconfig = readFileSync(scene.sandbox.kubeconfig, 'utf8');
  }

  static async begin(name: string): Promise<Refusals> {
    return new Refusals(await setScene('plain', name));
  }

  /** Waits until the helper ended by itself too, and expects the laptop as it was before the first case. */
  async expectNothingLeft(): Promise<void> {
    expect(await this.scene.unchanged()).toEqual([]);
    expect(await this.scene.left()).toEqual([]);
  }

  close(): Promise<void> {
    return closeScene(this.scene);
  }

  /** The administrator's kubeconfig with changes. */
  edited(edit: (parts: KubeconfigParts) => void): string {
    const document = parse(this.kubeconfig);
    edit({
      cluster: document.clusters[0].cluster,
      user: document.users[0].user,
      context: document.contexts[0].context,
    });
    return stringify(document);
  }

  /** The kubeconfig of another user, who is authenticated in this way instead of by the administrator's certificate. */
  as(credentials: Readonly<Record<string, unknown>>): string {
    return this.edited(({ user }) => {
      delete user['client-certificate-data'];
      delete user['client-key-data'];
      Object.assign(user, credentials);
    });
  }

  /** The same behind a front (api-front.ts), whose certificate is of the tests' authority. */
  behind(url: string, credentials: Readonly<Record<string, unknown>>): string {
    const authority = readFileSync(join(testdata, 'authority.pem')).toString('base64');
    return this.as(credentials)
      .replace(/server: .*/, `server: ${url}`)
      .replace(/certificate-authority-data: .*/, `certificate-authority-data: ${authority}`);
  }

  folder(): string {
    this.#made += 1;
    const folder = join(this.scene.product.folder, `case-${this.#made}`);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A product with folders of its own and this kubeconfig (null: none at all). */
  productWith(kubeconfig: string | null, environment: Readonly<Record<string, string>> = {}): Product {
    const folder = this.folder();
    const file = join(folder, 'kubeconfig');
    if (kubeconfig !== null) {
      writeFileSync(file, kubeconfig, { mode: 0o600 });
    }
    return new Product(this.scene.laptop, folder, file, environment);
  }

  /** Connects, expects this refusal, and that laptop and cluster are as they were. */
  async refused(product: Product, args: readonly string[], told: Told): Promise<Refusal> {
    const outcome = await product.slipway(['connect', ...args], { deadline: 110_000 });
    const refusal = expectTold(outcome, told);
    await this.expectUnchanged(product);
    return refusal;
  }

  /** Ends the core and expects that nothing was changed. A helper that nobody uses may wait for the next case. */
  async expectUnchanged(product: Product): Promise<void> {
    await product.end();
    expect(await this.scene.unchanged(['processes', 'sockets'])).toEqual([]);
    const ended = async () => [...product.processIds('core'), ...product.processIds('engine')].length === 0;
    expect(await eventually(ended, 10_000)).toBe(true);
    expect(await this.scene.left()).toEqual([]);
  }

  /** A namespace for the time of `work`. */
  async inNamespace<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const { cluster } = this.scene;
    await cluster.kubectl(['create', 'namespace', name]);
    try {
      return await work();
    } finally {
      await cluster.kubectl(['delete', 'namespace', name, '--wait=false']);
    }
  }
}

/** Expects that the command said this problem, whole, and ended with its exit code. */
export function expectTold(outcome: Outcome, told: Told): Refusal {
  const said = `${outcome.stderr}\n${outcome.stdout}`;
  expect(said).toContain(`[${told.code}]`);
  const lines = said
    .slice(said.indexOf(`[${told.code}]`))
    .split('\n')
    .slice(1);
  const firstFix = lines.findIndex((line) => /^ {2}(what to do|run|read|to copy):/.test(line));
  expect(firstFix, said).toBeGreaterThan(0);
  const cause = lines.slice(0, firstFix).join('\n').trim();
  const fixes = lines.slice(firstFix).join('\n');
  expect(cause).toMatch(told.cause);
  expect(fixes).toMatch(told.fix);
  expect(said).not.toMatch(/<\w+>|undefined|\[object/); // a template that found no fact
  expect(outcome.code, said).toBe(told.exitCode);
  return { ...outcome, cause, fixes };
}

/** The connection that is on, or the one with this context, or an error that says what is. */
export async function connected(
  product: Product,
  context?: string,
): Promise<Extract<Connection, { phase: 'connected' }>> {
  const { connections } = await product.snapshot();
  for (const connection of connections) {
    if (connection.phase === 'connected' && connection.cluster.context === (context ?? connection.cluster.context)) {
      return connection;
    }
  }
  throw new Error(`not connected: ${JSON.stringify(connections)}`);
}
