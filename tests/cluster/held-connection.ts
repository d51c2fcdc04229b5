/** A TCP connection held by an ordinary program (`probe tcp-hold`); its lines say how it fares. */
import { eventually, type Place } from './programs.ts';
import { Terminal } from './terminal.ts';

export class HeldConnection {
  readonly #terminal: Terminal;

  /** `every`: how often it talks, such as `300ms`; `0s` for one that says nothing. */
  constructor(place: Place, target: string, every: string) {
    this.#terminal = new Terminal(place, ['probe', 'tcp-hold', target, every]);
  }

  get output(): string {
    return this.#terminal.stdout;
  }

  get echoes(): number {
    return (this.output.match(/^echo /gm) ?? []).length;
  }

  get isOpen(): boolean {
    return this.output.includes('open') && !this.isBroken;
  }

  get isBroken(): boolean {
    return this.output.includes('broken');
  }

  /** Address and port of its end on the laptop. */
  get localEnd(): string {
    return /open (\S+)/.exec(this.output)?.[1] ?? '';
  }

  /** Whether more echoes come, without the connection having broken. */
  async goesOn(deadline: number): Promise<boolean> {
    const before = this.echoes;
    return (await eventually(async () => this.isBroken || this.echoes > before + 2, deadline)) && !this.isBroken;
  }

  end(): void {
    this.#terminal.kill();
  }
}
