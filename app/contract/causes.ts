/** Why something happened, in a sentence of ours that every frontend can say in its own language. */
import { z } from 'zod';
import { type CauseId, causeCatalogue } from './cause-catalogue.ts';

const filled = z.object({ id: z.string(), values: z.record(z.string(), z.string()) });
/** The sentence's id and its values, which may hold text of a cluster; a value may be a sentence of ours itself. */
export const causeSchema = z.object({ id: z.string(), values: z.record(z.string(), z.union([z.string(), filled])) });
export type Cause = z.infer<typeof causeSchema>;

/** Names of the values in a sentence. */
type Named<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Named<Rest>
  : never;
type Value = string | number | Cause;
type ValuesOf<Id extends CauseId> = { readonly [Name in Named<(typeof causeCatalogue)[Id]>]: Value };

/** A sentence of the catalogue with its values. */
export function cause<Id extends CauseId>(
  id: Id,
  ...[values]: Named<(typeof causeCatalogue)[Id]> extends never ? [] : [values: ValuesOf<Id>]
): Cause {
  const named = Object.entries<Value>(values ?? {}).map(([name, value]) => [
    name,
    // One sentence in another: what is further in is text.
    typeof value === 'object' ? { id: value.id, values: flat(value) } : String(value),
  ]);
  return { id, values: Object.fromEntries(named) };
}

/** The cause in English; text of others is its own. */
export function causeText(given: Cause | string): string {
  if (typeof given === 'string') {
    return given;
  }
  const template = Object.hasOwn(causeCatalogue, given.id) ? causeCatalogue[given.id as CauseId] : given.id;
  const values = flat(given);
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? `<${name}>`);
}

/** What a check or step found: the words, and the sentence where it is one of ours. */
export const answerSchema = z.object({ answer: z.string(), said: causeSchema.nullable().default(null) });
export type Answer = z.infer<typeof answerSchema>;

export function answerOf(given: Cause | string): Answer {
  return { answer: causeText(given), said: typeof given === 'string' ? null : given };
}

function flat({ values }: Cause): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, causeText(value)]));
}
