/** A connect under way, asked for by the CLI and watched over the core's socket, so that a test can act at a step. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, type CoreLink, type Step, stepSchema } from '../../app/contract/index.ts';
import type { ProcessKind, Product } from './product.ts';
import type { Outcome } from './programs.ts';

const stepsInOrder: readonly Step[] = stepSchema.options;

/** How often it looks for processes, and at the core, whose last steps take some ten milliseconds each. */
const [scan, glance] = [30, 10];

export class Connecting {
  readonly #product: Product;
  readonly ended: Promise<Outcome>;
  #over = false;

  constructor(product: Product, args: readonly string[]) {
    this.#product = product;
    this.ended = product.slipway(['connect', ...args]).finally(() => {
      this.#over = true;
    });
  }

  /** Waits until all these processes are there; answers false where the connect ended before. */
  async starts(kinds: readonly ProcessKind[]): Promise<boolean> {
    while (!this.#over) {
      if (kinds.every((kind) => this.#product.processIds(kind).length > 0)) {
        return true;
      }
      await pause(scan);
    }
    return false;
  }

  /** Waits until this step, or one after it, is what the core shows; answers false where the connect ended before. */
  async reaches(step: Step): Promise<boolean> {
    let link: CoreLink | null = null;
    while (!this.#over && link === null) {
      link = await this.#product.link();
      await pause(glance);
    }
    let reached = false;
    while (!this.#over && link !== null && !reached) {
      const answer = await link.call('getSnapshot', {});
      reached = answer.ok && answer.value.connections.some((connection) => isAt(connection, step));
      await pause(answer.ok ? glance : 10 * glance);
    }
    link?.close();
    return reached;
  }
}

function isAt(connection: Connection, step: Step): boolean {
  if (connection.phase === 'connected') {
    return true;
  }
  const later = stepsInOrder.slice(stepsInOrder.indexOf(step));
  return (
    connection.phase === 'preparing' &&
    (later.includes(connection.step) || connection.done.some((done) => later.includes(done.step)))
  );
}
