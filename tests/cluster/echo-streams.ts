/** Connections that move checked bytes while something is done to the tunnel: see echo-streams.mjs. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Place } from './programs.ts';

/** Since the last question. */
export interface StreamsTold {
  /** Bytes that came back as they were sent. */
  readonly moved: number;
  /** The longest time in seconds that one of them waited for any byte. */
  readonly longest: number;
  /** Those that broke, or to which other bytes came back. */
  readonly broken: readonly string[];
  /** Bytes that were sent and have not come back yet. */
  readonly underWay: number;
}

export class EchoStreams {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) {
      throw new Error('the streams have no output');
    }
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Opens them; each moves this many bytes a second there and back. */
  static async open(place: Place, host: string, port: number, count: number, rate: number): Promise<EchoStreams> {
    const program = path.join(import.meta.dirname, 'echo-streams.mjs');
    const words = [...place.enter, process.execPath, program, ...[host, port, count, rate].map(String)];
    const child = spawn(words[0] ?? '', words.slice(1), {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...place.environment },
    });
    const streams = new EchoStreams(child);
    await streams.#line();
    return streams;
  }

  tell(): Promise<StreamsTold> {
    return this.#ask('tell');
  }

  /** Has them send nothing until they are asked again, and waits until all is back. */
  async rest(): Promise<void> {
    while ((await this.#ask('rest')).underWay > 0) {
      await pause(50);
    }
  }

  /**
   * Waits for bytes, up to milliseconds, and answers for how many seconds at most none had come since the last question.
   * Throws where none come or one broke.
   */
  async move(deadline: number): Promise<number> {
    const end = Date.now() + deadline;
    const before = await this.tell();
    for (;;) {
      const { moved, longest, broken } = await this.tell();
      if (broken.length > 0 || Date.now() > end) {
        throw new Error(`${moved} bytes came back; broken: ${broken.join(', ') || 'none'}`);
      }
      if (moved > 0) {
        return Math.max(longest, before.longest);
      }
      await pause(50);
    }
  }

  async #ask(line: string): Promise<StreamsTold> {
    this.#child.stdin?.write(`${line}\n`);
    return (await this.#line()) as StreamsTold;
  }

  end(): void {
    this.#child.stdin?.end();
  }

  async #line(): Promise<unknown> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => reject(new Error('the streams say nothing')), 20_000);
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late]);
      if (done) {
        throw new Error('the streams ended');
      }
      return JSON.parse(value);
    } finally {
      clearTimeout(limit);
    }
  }
}
