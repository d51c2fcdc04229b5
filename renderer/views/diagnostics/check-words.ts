/**
 * The core answers checks in English sentences of its own; those that are known are said in the window's language, with
 * what they name. What is not known is shown as it came. Pure.
 */
import type { Check } from '../../../app/contract/index.ts';
import type { WordId } from '../../words/words.ts';

export interface Said {
  readonly id: WordId;
  readonly values: Readonly<Record<string, string>>;
}

export type Rule = readonly [pattern: RegExp, id: WordId, ...names: string[]];

/** Sentences of app/core/diagnostics/checks.ts. */
const rules: Readonly<Partial<Record<Check['check'], readonly Rule[]>>> = {
  helper: [
    [/^answers, build (.+)$/, 'diagnostics.said.helperBuild', 'build'],
    [/^answers$/, 'diagnostics.said.answers'],
    [/^serves the connection that is on$/, 'diagnostics.said.helperServes'],
    [/^(\d+) changes of an earlier run/, 'diagnostics.said.leftOver', 'count'],
  ],
  tun: [[/^can be opened$/, 'diagnostics.said.tun']],
  resolver: [
    [/^(\S+), which asks none$/, 'diagnostics.said.resolverAlone', 'resolver'],
    [/^(\S+), which asks (.+)$/, 'diagnostics.said.resolver', 'resolver', 'servers'],
  ],
  'api-server': [[/^(\S+) answers, (.+)$/, 'diagnostics.said.apiServer', 'server', 'version']],
  rights: [
    [/^all that Slipway uses, with the agent in (\S+)$/, 'diagnostics.said.rights', 'namespace'],
    [/^missing: (.+)$/, 'diagnostics.said.missing', 'rights'],
  ],
  clock: [[/^within (\d+) s of/, 'diagnostics.said.clock', 'seconds']],
  agent: [[/^(\S+) runs$/, 'diagnostics.said.agent', 'pod']],
  tunnel: [[/^answers$/, 'diagnostics.said.answers']],
  names: [
    [/^(\S+) is (.+)$/, 'diagnostics.said.name', 'name', 'address'],
    [/^answers$/, 'diagnostics.said.answers'],
  ],
};

const ofAll: readonly Rule[] = [
  [/^not connected$/, 'diagnostics.said.notConnected'],
  [/^the API server would know$/, 'diagnostics.said.needsApiServer'],
  [/^the helper would know$/, 'diagnostics.said.needsHelper'],
  [/^there is no TUN$/, 'diagnostics.said.needsTun'],
  [/^an earlier step failed$/, 'diagnostics.said.earlier'],
  [/^the engine would know$/, 'diagnostics.said.needsEngine'],
  [/^the helper does not run, and is not started for this$/, 'diagnostics.said.helperIdle'],
];

export function checkWords({ check, answer }: Pick<Check, 'check' | 'answer'>): Said | null {
  return saidBy([...(rules[check] ?? []), ...ofAll], answer);
}

/** Sentences of app/core/diagnostics/prove-off.ts where something was not looked at. */
const ofProofs: readonly Rule[] = [
  [/^the helper does not run; when it starts/, 'diagnostics.said.journalLater'],
  [/^this system cannot be asked$/, 'diagnostics.said.notThisSystem'],
  [/^(.+) is on: what is there is its own$/, 'diagnostics.said.busyWith', 'context'],
  [/^it is on$/, 'diagnostics.said.itIsOn'],
];

export function proofWords(answer: string): Said | null {
  return saidBy(ofProofs, answer);
}

/** By the first rule that fits; null where none does. */
export function saidBy(known: readonly Rule[], answer: string): Said | null {
  for (const [pattern, id, ...names] of known) {
    const match = pattern.exec(answer);
    if (match !== null) {
      return { id, values: Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? ''])) };
    }
  }
  return null;
}
