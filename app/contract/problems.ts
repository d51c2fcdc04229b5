/**
 * The catalogue of problems. Each has a code, shared with native/ (native/internal/wire/codes.go; a test compares
 * the lists), what happened, and at least one fix. Texts are templates: {name} takes a fact of the problem.
 */
import { z } from 'zod';
import { type Cause, causeSchema, causeText } from './causes.ts';
import { catalogue, type ProblemCode } from './problem-catalogue.ts';

export type { ProblemCode } from './problem-catalogue.ts';

const severitySchema = z.enum(['info', 'warning', 'error']);

/** A fix is something to run, a page of docs/ to read, or a text to copy (YAML of a Role, say). */
const fixSchema = z.object({ kind: z.enum(['command', 'document', 'copy', 'advice']), text: z.string() });
export type Fix = z.infer<typeof fixSchema>;

export const problemSchema = z.object({
  code: z.string(),
  severity: severitySchema,
  title: z.string(),
  cause: z.string(), // a sentence with the particulars; may hold text of a cluster: show it as text only
  /** The same where it is a sentence of ours; null where somebody else said it. */
  said: causeSchema.nullable().default(null),
  fixes: z.array(fixSchema),
  facts: z.record(z.string(), z.string()),
});
export type Problem = z.infer<typeof problemSchema>;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(catalogue, code);
}

/** The same problem with facts that its maker did not know: they fill what its texts left open. */
export function withFacts(given: Problem, facts: Readonly<Record<string, string>>): Problem {
  if (!isProblemCode(given.code)) {
    return given;
  }
  const made = problem(given.code, given.said ?? given.cause, { ...facts, ...given.facts });
  const copies = given.fixes.filter(({ kind }) => kind === 'copy');
  return { ...made, severity: given.severity, fixes: [...made.fixes, ...copies] };
}

/** As a shell takes it for one word (POSIX shells, fish): names of contexts may have spaces and quotes. */
function asWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command that can be run as it stands: facts are words of a shell. A context that is not known is left out, for the
 * current one is meant then, and so are options where there are none; null where anything else is not known.
 */
function filledCommand(template: string, facts: Readonly<Record<string, string>>): string | null {
  const ofContext = facts.context ? template : template.replace(/( --[\w-]+)? \{context\}/g, '');
  const known = facts.options === '' ? ofContext.replace(' {options}', '') : ofContext;
  const isWhole = [...known.matchAll(/\{(\w+)\}/g)].every(([, name = '']) => (facts[name] ?? '') !== '');
  const word = (name: string) => (name === 'options' ? (facts.options ?? '') : asWord(facts[name] ?? ''));
  return isWhole ? known.replace(/\{(\w+)\}/g, (_, name: string) => word(name)) : null;
}

/** Builds a problem from the catalogue. `because` says what happened this time; `copy` adds a text to copy. */
export function problem(
  code: ProblemCode,
  because: Cause | string,
  facts: Readonly<Record<string, string>> = {},
  copy?: string,
): Problem {
  const entry = catalogue[code];
  const fill = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? `<${name}>`);
  const fixes: Fix[] = entry.fixes.flatMap(({ kind, text }) => {
    const filled = kind === 'command' ? filledCommand(text, facts) : fill(text);
    return filled === null ? [] : [{ kind, text: filled }];
  });
  if (copy !== undefined) {
    fixes.push({ kind: 'copy', text: copy });
  }
  return {
    code,
    severity: entry.severity,
    title: fill(entry.title),
    cause: causeText(because),
    said: typeof because === 'string' ? null : because,
    fixes,
    facts: { ...facts },
  };
}
