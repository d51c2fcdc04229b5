/** Names of what the benchmark measures: goals and table know figures by them. */
import type { LinkOptions } from '../../sandbox/sandbox.ts';

export interface Figure {
  readonly name: string;
  readonly unit: 'Mbit/s' | 'ms' | 'MiB' | 's/Gbit' | '/MB' | 'µs' | 'ms/s' | 'each';
}

export const arms = {
  bare: 'direct route',
  portForward: 'kubectl port-forward',
  telepresence: 'Telepresence',
  kubevpn: 'kubevpn',
  ours: 'Slipway',
  ourDirect: 'Slipway, direct path',
  ourMapped: 'Slipway, mapped',
} as const;
export type ArmName = (typeof arms)[keyof typeof arms];

export type LinkName = 'none' | '40ms' | '40ms-loss';
export const linkNames: readonly LinkName[] = ['none', '40ms', '40ms-loss'];

/** 40 ms of round trip, 200 Mbit/s each way. */
const slow = { delayMilliseconds: 20, rateBitsPerSecond: 200e6, lossFraction: 0 };
export const linkOptions: Readonly<Record<LinkName, LinkOptions | undefined>> = {
  none: undefined,
  '40ms': slow,
  '40ms-loss': { ...slow, lossFraction: 0.005 },
};
const linkWords: Readonly<Record<LinkName, string>> = {
  none: 'no delay',
  '40ms': '40 ms, 200 Mbit/s',
  '40ms-loss': '40 ms, 200 Mbit/s, 0.5 % loss',
};

/** The name of what was measured over a link. */
export function over(link: LinkName, what: string): string {
  return `${linkWords[link]}: ${what}`;
}

export interface Span {
  readonly flows: number;
  readonly direction: 'up' | 'down';
  readonly name: string;
}

const plain = [1, 8].flatMap((flows) =>
  (['up', 'down'] as const).map((direction) => ({ flows, direction, name: spanName(flows, direction) })),
);
/** After all others, so that the lanes carried much before. */
const again = (['up', 'down'] as const).map((direction) => ({
  flows: 1,
  direction,
  name: `${spanName(1, direction)}, lanes that carried much`,
}));

/** The transfers over a link, in their order. */
export function spansOf(link: LinkName): readonly Span[] {
  return link === '40ms' ? [...plain, ...again] : plain;
}

function spanName(flows: number, direction: string): string {
  return `${flows} ${flows === 1 ? 'flow' : 'flows'} ${direction}`;
}

/** Small requests beside these downloads. */
export const besideFlows: readonly number[] = [1, 8];
export function beside(flows: number, what: string): string {
  return `${what} beside ${spanName(flows, 'down')}`;
}

export const small = {
  connectP50: 'new connection p50',
  connectP95: 'new connection p95',
  requestP50: 'warm request p50',
  requestP95: 'warm request p95',
} as const;

export const connecting = {
  cold: 'connect, no core and no agent',
  waiting: 'connect, no core, to a waiting agent',
  coldAgent: 'connect, core running, no agent',
  /** The agent of before goes first, which takes a pod as long as its node likes. */
  atOnce: 'connect, right after a disconnect',
} as const;

export const bothOfUs = 'engine and agent';

export function memoryOf(what: string, when: 'at rest' | 'under load'): string {
  return `memory of ${what} ${when}`;
}

export function usersFigure(count: number, what: string): string {
  return `one agent, ${count} ${count === 1 ? 'laptop' : 'laptops'}: ${what}`;
}

/** The sections of the table, by how the names in them begin. */
const sections: readonly string[] = [
  ...linkNames.map((link) => over(link, '')),
  'connect',
  'disconnect',
  'memory of',
  'one agent,',
];

/** Sorts figures into their sections, and leaves the order within each. */
export function bySection<Named extends { readonly name: string }>(figures: readonly Named[]): Named[] {
  const place = ({ name }: Named) => sections.findIndex((begin) => name.startsWith(begin)) >>> 0; // others last
  return [...figures].sort((a, b) => place(a) - place(b));
}
