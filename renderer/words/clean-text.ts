/**
 * A cluster's text made harmless to look at: control characters, invisible and direction-changing ones go, line
 * breaks become spaces, and the length is bounded. It stays text: React puts it into text nodes only.
 */

/** Controls, format characters (bidi, zero-width, tags) and all others that are made to be unseen (fillers, selectors). */
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** Halves of a pair, which no text has. */
const halves = /\p{Cs}/gu;
const breaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** More than this many combining marks in a row smear over their neighbours. */
const stackedMarks = /(\p{M}{3})\p{M}+/gu;

/** Longer than any name of Kubernetes (253), shorter than what would slow a line down. */
export const usualBound = 300;

export function cleanText(text: string, bound = usualBound): string {
  // Cut first: cleaning megabytes to show a line would be work for nothing. Twice the bound leaves room for what goes.
  const clean = text
    .slice(0, bound * 2)
    .replace(breaks, ' ')
    .replace(invisible, '')
    .replace(stackedMarks, '$1')
    .replace(halves, '\ufffd');
  const letters = [...clean];
  return letters.length > bound || text.length > bound * 2 ? `${letters.slice(0, bound - 1).join('')}…` : clean;
}

/** Longer than any Role, manifest or command that is to be copied. */
export const fileBound = 20_000;

/** cleanText for text of many lines: line breaks stay. */
export function cleanLines(text: string, bound = fileBound): string {
  return (text.length > bound ? `${text.slice(0, bound - 1)}…` : text)
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replaceAll('\t', '  '))
    .map((line) => cleanText(line, 2000))
    .join('\n');
}
