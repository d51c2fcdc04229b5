/** Many TCP connections of one program on the laptop: see many-connections.mjs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Place } from './programs.ts';

export interface Opened {
  readonly open: number;
  /** How many failed, by the code of the error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Neither when the time was over. */
  readonly waiting: number;
}

export interface Asked {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** For all of them to be open or to fail. */
  readonly seconds: number;
  /** What each sends; nobody reads what is answered. */
  readonly send?: string;
}

export class ManyConnections {
  readonly #place: Place;
  readonly #running: ChildProcess[] = [];

  constructor(place: Place) {
    this.#place = place;
  }

  /** Opens them; they are held until `end`. */
  async open({ host, port, count, seconds, send }: Asked): Promise<Opened> {
    const [program = '', ...words] = [
      ...this.#place.enter,
      process.execPath,
      path.join(import.meta.dirname, 'many-connections.mjs'),
      ...[host, String(port), String(count), String(seconds)],
      ...(send === undefined ? [] : [send]),
    ];
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...this.#place.environment } });
    this.#running.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return JSON.parse(line.toString()) as Opened;
  }

  async end(): Promise<void> {
    for (const child of this.#running.splice(0)) {
      child.stdin?.end();
      await once(child, 'exit');
    }
  }
}
