/**
 * How the CLI speaks: data on standard output, everything said to a person on standard error. Text that came from a
 * cluster is stripped of control and bidirectional characters before it reaches a terminal.
 */
import { asTyped, type Problem, sizeOf } from '../../contract/index.ts';
import { launcher } from '../installation.ts';
import { invocationOf } from './invocation.ts';

/** How this program is called here, by this very one: an installed one by its name, one in a clone by its launcher. */
export const invocation = invocationOf(launcher, process.env.PATH ?? '', process.cwd());

/** A text with our own command called as it is called here. */
export function withInvocation(text: string): string {
  return asTyped(text, invocation);
}

export type Format = 'text' | 'wide' | 'json';

const colour = process.stderr.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = (text: string) => paint(1, text);
export const dim = (text: string) => paint(2, text);
export const red = (text: string) => paint(31, text);
export const green = (text: string) => paint(32, text);
export const yellow = (text: string) => paint(33, text);

/** Control characters (ANSI sequences live there) and characters that turn the direction of text (UAX #9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const hostile = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Makes text of unknown origin safe for a terminal; new lines and tabs stay. */
export function plain(text: string): string {
  return text.replace(hostile, '');
}

/** A reader that has had enough (`| head`) ends the program without a word, as it does other programs. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
    process.exit(0);
  });
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function data(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function json(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Letters of a last column that are still read as one. */
const narrowest = 24;

/** The words in lines of at most so many letters; a longer word has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
    }
  }
  return lines;
}

/**
 * Columns as wide as their widest cell, two spaces apart, no space at the end of a line. Of a terminal that is narrower
 * the last column is broken into lines; what a program reads is one line for each row.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  screen: number | undefined = process.stdout.isTTY ? process.stdout.columns : undefined,
): string {
  const cells = [headings, ...rows.map((row) => row.map((cell) => plain(cell).replace(/[\n\t]/g, ' ')))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = (screen ?? Number.POSITIVE_INFINITY) - before;
  if (room < narrowest || (widths.at(-1) ?? 0) <= room) {
    return cells.map(lineOf).join('\n');
  }
  return cells
    .flatMap((row) => {
      const [first = '', ...more] = wrapped(row.at(-1) ?? '', room);
      return [lineOf([...row.slice(0, -1), first]), ...more.map((line) => `${' '.repeat(before)}${line}`)];
    })
    .join('\n');
}

/** A problem for a person: what, why, what to do. */
export function sayProblem(problem: Problem): void {
  const mark = problem.severity === 'error' ? red('error') : yellow(problem.severity);
  say(`${mark}: ${bold(plain(problem.title))} ${dim(`[${problem.code}]`)}`);
  sayReason(problem);
}

/** Several problems for a person. */
export function sayProblems(problems: readonly Problem[]): void {
  withoutRepeats(problems).forEach((problem) => {
    sayProblem(problem);
  });
}

/** Each text to copy once, below the last of the problems that it helps: one Role often helps many. */
export function withoutRepeats(problems: readonly Problem[]): Problem[] {
  return problems.map((problem, index) => {
    const later = problems.slice(index + 1).flatMap(({ fixes }) => fixes.map(({ text }) => text));
    return { ...problem, fixes: problem.fixes.filter(({ kind, text }) => kind !== 'copy' || !later.includes(text)) };
  });
}

/** The problem without its title: why, and what to do. */
export function sayReason(problem: Problem): void {
  if (problem.cause !== '') {
    say(`  ${plain(problem.cause).replace(/\n/g, '\n  ')}`);
  }
  for (const fix of problem.fixes) {
    if (fix.kind === 'copy') {
      say(`  ${dim('to copy:')}\n${plain(fix.text).replace(/^/gm, '    ')}`);
    } else {
      const label = { command: 'run', document: 'read', advice: 'what to do' }[fix.kind];
      const text = fix.kind === 'command' ? withInvocation(fix.text) : fix.text;
      say(`  ${dim(`${label}:`)} ${plain(text)}`);
    }
  }
}

/** 1536 → "1.5 kB", as the window says it in English. */
export function bytes(count: number): string {
  const { value, unit, digits } = sizeOf(count);
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay, maximumFractionDigits: digits }).format(value);
}

/** Milliseconds → "3 s", "2 min", "5 h", "4 d". */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
