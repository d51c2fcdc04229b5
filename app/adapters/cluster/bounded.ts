/**
 * How much of an API server's answers is read. They come from whoever owns the cluster: a gzip bomb, a line or a list without
 * end must cost the laptop an error, not its memory. Bounds count after unpacking.
 */
import type { Readable } from 'node:stream';
import { cause, problem } from '../../contract/index.ts';
import { ProblemError } from '../problem-error.ts';

/** Bytes of a list. Ten thousand Services with their endpoints are some 30 MiB. */
export const largestList = 64 << 20;

/** Bytes of an object, alone or as an event of a watch. It has at most 1.5 MiB in etcd (its --max-request-bytes). */
export const largestObject = 8 << 20;

/** Bytes of an answer's head: Node's own bound (--max-http-header-size). */
export const largestHead = 16 << 10;

/** Bytes of a refusal (metav1.Status) that are read; the rest is left. */
export const largestRefusal = 256 << 10;

const causes = {
  answer: (size: string) => cause('answerTooLarge', { size }),
  head: (size: string) => cause('headTooLarge', { size }),
  event: (size: string) => cause('eventTooLarge', { size }),
  events: (size: string) => cause('watchTooLarge', { size }),
};

/** `limit` in bytes. */
export function tooLarge(what: keyof typeof causes, limit: number): ProblemError {
  const size = limit >= 1 << 20 ? `${limit >> 20} MiB` : `${limit >> 10} KiB`;
  return new ProblemError(problem('answer-too-large', causes[what](size)));
}

export function isTooLarge(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.problem.code === 'answer-too-large';
}

/** Bytes one behind the other: a list of chunks would hold a hundred bytes for each, and a server may send them one by one. */
class Gathered {
  #bytes = Buffer.allocUnsafe(16 << 10);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = needed;
  }

  take(): string {
    const text = new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return text;
  }
}

/** The whole text. Throws a ProblemError where it is larger, or answers its beginning where `cut` is true. */
export async function boundedText(stream: Readable, limit: number, cut = false): Promise<string> {
  const gathered = new Gathered();
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const room = limit - gathered.length;
    if (chunk.length > room) {
      if (!cut) {
        throw tooLarge('answer', limit); // leaving the loop ends the connection
      }
      gathered.add(chunk.subarray(0, room));
      break;
    }
    gathered.add(chunk);
  }
  return gathered.take();
}

/** Lines as they come, without their ends. Throws a ProblemError at one that is longer. */
export async function* boundedLines(stream: Readable, limit: number): AsyncGenerator<string> {
  const gathered = new Gathered();
  const add = (piece: Buffer) => {
    if (gathered.length + piece.length > limit) {
      throw tooLarge('event', limit);
    }
    gathered.add(piece);
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, end));
      yield gathered.take();
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (gathered.length > 0) {
    yield gathered.take();
  }
}
