/**
 * JSON documents, one a line, over a byte stream: the framing of the core's control socket. A line over the limit
 * or one that is not JSON ends the stream, because what follows can no longer be trusted.
 */
import type { Duplex } from 'node:stream';

/** Largest line in bytes, either way. Lists of 10,000 Services fit. */
export const largestLine = 16 << 20;

export interface LineLink {
  send(document: unknown): void;
  /** True while the other side has not read what was sent. */
  isBackedUp(): boolean;
  close(): void;
}

/** Reads documents from the stream until it ends; `ended` hears why, once. `drained`: no longer backed up. */
export function openLines(
  stream: Duplex,
  received: (document: unknown) => void,
  ended: (because: string) => void,
  drained: () => void = () => {},
): LineLink {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let over = false;
  const end = (because: string) => {
    if (!over) {
      over = true;
      stream.destroy();
      ended(because);
    }
  };
  const take = (line: Buffer) => {
    let document: unknown;
    try {
      document = JSON.parse(line.toString('utf8'));
    } catch {
      end('a line was not JSON');
      return;
    }
    received(document);
  };
  stream.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (;;) {
      const newline = rest.indexOf(10);
      if (newline < 0 || over) {
        break;
      }
      const line = Buffer.concat([...pending, rest.subarray(0, newline)]);
      pending = [];
      pendingBytes = 0;
      rest = rest.subarray(newline + 1);
      take(line);
    }
    if (over) {
      return;
    }
    pending.push(rest);
    pendingBytes += rest.length;
    if (pendingBytes > largestLine) {
      end('a line was too long');
    }
  });
  stream.on('drain', drained);
  stream.on('error', (error) => end(error.message));
  stream.on('end', () => end('closed by the other side'));
  stream.on('close', () => end('closed'));
  return {
    send: (document) => {
      if (!over) {
        stream.write(`${JSON.stringify(document)}\n`);
      }
    },
    isBackedUp: () => !over && stream.writableNeedDrain,
    close: () => stream.end(),
  };
}
