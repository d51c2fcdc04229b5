/** Asks for an outside name again and again, and keeps what was not answered: outside names must never stop resolving. */
import { type Place, run } from './programs.ts';
import { workload } from './workload.ts';

export class OutsideNames {
  readonly #place: Place;
  #asking = false;
  #done: Promise<void> = Promise.resolve();
  asked = 0;
  lost: string[] = [];

  constructor(place: Place) {
    this.#place = place;
  }

  start(): void {
    this.#asking = true;
    this.#done = this.#ask();
  }

  async stop(): Promise<void> {
    this.#asking = false;
    await this.#done;
  }

  async #ask(): Promise<void> {
    while (this.#asking) {
      const outcome = await run(this.#place, ['getent', 'ahostsv4', 'www.example.test'], { deadline: 10_000 });
      this.asked += 1;
      if (!outcome.stdout.includes(workload.outside['www.example.test'])) {
        this.lost.push(`${new Date().toISOString()} ${outcome.code} ${outcome.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
