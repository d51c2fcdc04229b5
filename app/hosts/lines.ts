/** Text lines over a byte stream: the framing of the core's control socket, one JSON document a line. */
import type { Duplex } from 'node:stream';

/** Largest line, either way, in UTF-16 units. Lists of 10,000 Services fit. */
export const largestLine = 16 << 20;

export interface LineLink {
  send(line: string): void;
  /** True while the other side has not read what was sent. */
  isBackedUp(): boolean;
  close(): void;
}

/** Calls with each whole line of a stream; `tooLong` hears of one over the limit, whose rest is not kept. */
export function splitLines(stream: Duplex, heard: (line: string) => void, tooLong: () => void): void {
  let pending: string[] = [];
  let pendingLength = 0;
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = pending.join('') + part;
      pending = [];
      pendingLength = 0;
      heard(line);
    }
    if (rest !== '') {
      pending.push(rest);
      pendingLength += rest.length;
    }
    if (pendingLength > largestLine) {
      pending = [];
      tooLong();
    }
  });
}

/** Reads lines from the stream until it ends; `ended` hears why, once. `drained`: no longer backed up. */
export function openLines(
  stream: Duplex,
  received: (line: string) => void,
  ended: (because: string) => void,
  drained: () => void = () => {},
): LineLink {
  let isOver = false;
  const end = (because: string) => {
    if (!isOver) {
      isOver = true;
      stream.destroy();
      ended(because);
    }
  };
  const take = (line: string) => {
    if (!isOver) {
      received(line);
    }
  };
  splitLines(stream, take, () => end('a line was too long'));
  stream.on('drain', drained);
  stream.on('error', (error) => end(error.message));
  stream.on('end', () => end('closed by the other side'));
  stream.on('close', () => end('closed'));
  return {
    send: (line) => {
      if (!isOver) {
        stream.write(`${line}\n`);
      }
    },
    isBackedUp: () => !isOver && stream.writableNeedDrain,
    close: () => stream.end(),
  };
}
