/**
 * The log: one JSON object a line, to a file of the state folder or to standard error. It never holds a secret: facts
 * whose name says that they are one are replaced, whatever the caller meant.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Log } from '../../core/ports.ts';

export type LogLevel = 'debug' | 'info' | 'warning';

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2 };

/** A log file is put aside (one generation) when it is over this many bytes. */
const largestFile = 4 << 20;

const secretName = /token|password|secret|authorization|credential|key$|keydata|certificate/i;

/** What takes finished lines. It must not throw: a full disk is no reason to lose a connection. */
export type LineWriter = (line: string) => void;

export function logLevelOf(environment: Readonly<Record<string, string | undefined>>): LogLevel {
  const asked = environment.SLIPWAY_LOG;
  return asked === 'debug' || asked === 'warning' ? asked : 'info';
}

export function openLog(level: LogLevel, write: LineWriter): Log {
  const at = (lineLevel: LogLevel) => (message: string, facts?: Readonly<Record<string, unknown>>) => {
    if (rank[lineLevel] < rank[level]) {
      return;
    }
    const line = { time: new Date().toISOString(), level: lineLevel, message, ...(facts ? withoutSecrets(facts) : {}) };
    try {
      write(`${JSON.stringify(line)}\n`);
    } catch {
      // A fact that is no JSON (a cycle, a BigInt) loses its line, not the program.
    }
  };
  return { debug: at('debug'), info: at('info'), warning: at('warning') };
}

/** Appends to a file of mode 0600, and puts it aside as `<file>.1` when it grew too large. */
export function fileWriter(file: string): LineWriter {
  let descriptor = openAppending(file);
  let size = descriptor === null ? 0 : fstatSync(descriptor).size;
  return (line) => {
    try {
      if (size > largestFile && descriptor !== null) {
        closeSync(descriptor);
        renameSync(file, `${file}.1`);
        descriptor = openAppending(file);
        size = 0;
      }
      if (descriptor !== null) {
        size += writeSync(descriptor, line);
      }
    } catch {
      // Disk full or folder gone: the log is what may be missed.
    }
  };
}

/** A descriptor for a child process's standard error, in a file of mode 0600; null where it cannot be opened. */
export function openAppending(file: string): number | null {
  try {
    return openSync(file, 'a', 0o600);
  } catch {
    return null;
  }
}

/** How deep facts may nest; what lies deeper is left out, because nobody looked at its names. */
const deepest = 5;

function withoutSecrets(facts: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, secretName.test(name) ? '***' : cleaned(value, depth + 1)]),
  );
}

function cleaned(value: unknown, depth: number): unknown {
  if (value instanceof Error) {
    return value.message;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth >= deepest) {
    return '…';
  }
  return Array.isArray(value)
    ? value.map((item) => cleaned(item, depth + 1))
    : withoutSecrets(value as Record<string, unknown>, depth);
}
