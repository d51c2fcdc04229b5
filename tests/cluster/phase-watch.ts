/** Every phase of the connection as a frontend hears it: a poll would miss a short one. */
import type { CoreLink } from '../../app/contract/index.ts';
import type { Product } from './product.ts';
import { eventually } from './programs.ts';

export class PhaseWatch {
  readonly #link: CoreLink;
  /** In order, without repetitions, with the problem codes of one that is connected: "connected", "connected: agent-full". */
  readonly phases: string[] = [];

  private constructor(link: CoreLink) {
    this.#link = link;
    link.watch(({ connections }) => {
      const live = connections.find(({ phase }) => phase !== 'off');
      const codes = live?.phase === 'connected' ? live.degraded.map(({ code }) => code) : [];
      const said = codes.length === 0 ? (live?.phase ?? 'off') : `${live?.phase}: ${codes.join(', ')}`;
      if (said !== this.now) {
        this.phases.push(said);
      }
    });
  }

  static async begin(product: Product): Promise<PhaseWatch> {
    const link = await product.link();
    if (link === null) {
      throw new Error('no core runs');
    }
    return new PhaseWatch(link);
  }

  get now(): string {
    return this.phases.at(-1) ?? '';
  }

  /** Whether a phase of this kind came, within milliseconds, after what `phases` had when `from` was its length. */
  comes(phase: string, deadline: number, from = 0): Promise<boolean> {
    return eventually(async () => this.phases.slice(from).some((said) => said.startsWith(phase)), deadline, 20);
  }

  end(): void {
    this.#link.close();
  }
}
