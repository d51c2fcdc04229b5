/**
 * Every setting that a user may make: what it does, how a value of it is written, and when a change counts. Types and
 * allowed values are the schemas' (settings.ts): a new setting is a line there, one in its defaults, and one here.
 */
import type { ContextKey } from './contexts.ts';
import { isSameKey } from './selectors.ts';
import {
  type ContextSettings,
  contextSettingsSchema,
  nothingChosen,
  type Settings,
  settingsSchema,
} from './settings.ts';

/** What one word of a value is, and an example of it. */
export const writtenAs = {
  any: '',
  range: '10.20.0.0/16',
  image: 'registry.example.org/name:tag',
  namespace: 'webshop',
  domain: 'k8s.example.org',
  suffix: 'staging-2',
  place: '10.1.2.3:31820',
  file: '/home/jane/.kube/other',
  context: 'CONTEXT',
  service: 'NAMESPACE/SERVICE',
} as const;
type Word = keyof typeof writtenAs;

/** What a word looks like. Whether a registry has the image, and which domains a cluster may be given, others say. */
export const wordForms = {
  namespace: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, // RFC 1123 label
  domain: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/, // such labels, no final dot
  image: /^[A-Za-z0-9][\w.:/@-]*$/, // what a container runtime could take for one
} as const;

/** `connect`: at the next one. `start`: when the app starts the next time. */
type Effect = 'now' | 'connect' | 'start';

interface Row {
  readonly word: Word;
  readonly effect: Effect;
  readonly description: string;
}
const row = (word: Word, effect: Effect, description: string): Row => ({ word, effect, description });

type NameForAll = Exclude<keyof Settings, 'contexts' | 'pinnedServices' | 'welcomed'>;
type NameForContext = Exclude<keyof ContextSettings, keyof ContextKey> | 'pinnedServices';

/** Of the whole product. */
const settingsForAll: Readonly<Record<NameForAll, Row>> = {
  agentImage: row('image', 'connect', 'image that contains the agent; empty: the agent is copied into the base image'),
  baseImage: row('image', 'connect', 'image with a shell that the cluster can pull; the agent is copied into it'),
  closing: row('any', 'now', 'what closing the window does where there is no tray'),
  connectAtStart: row('context', 'start', 'context that the desktop app connects when it starts'),
  contrast: row('any', 'now', 'contrast of the window'),
  copyForm: row('any', 'now', 'form in which an address is copied'),
  excludedRanges: row('range', 'now', 'ranges that are never routed, whatever the cluster says'),
  extraRanges: row('range', 'now', 'ranges that are also routed into the cluster'),
  kubeconfigFiles: row('file', 'now', 'kubeconfigs that are read besides KUBECONFIG or ~/.kube/config'),
  language: row('any', 'now', 'language of the window'),
  notifications: row('any', 'now', 'notify of what you did not cause: a lost tunnel, its recovery, a refusal'),
  pinnedContexts: row('context', 'now', 'contexts at the top of the list'),
  preferredNames: row(
    'context',
    'now',
    'context that has the plain names while several are on; empty: the one that was on first',
  ),
  recover: row('any', 'now', 'connect again after a crash'),
  resolverMode: row('any', 'connect', 'how names are set up; off: addresses only'),
  startAtLogin: row('any', 'now', 'start the desktop app at login'),
  theme: row('any', 'now', 'theme of the window'),
};

/** Of one context; those that have a namesake above come before it. */
const settingsForContext: Readonly<Record<NameForContext, Row>> = {
  agentAnnotations: row('any', 'connect', "annotations of the agent's pod"),
  agentImage: row('image', 'connect', 'image that contains the agent, for this context'),
  agentLabels: row('any', 'connect', "labels of the agent's pod, beside Slipway's own"),
  agentLimits: row('any', 'connect', "limits of the agent's container: cpu=1, memory=256Mi, ephemeral-storage=128Mi"),
  agentNamespace: row('namespace', 'connect', 'where the agent runs; empty: the home namespace'),
  agentNodeSelector: row('any', 'connect', "labels of the nodes that the agent's pod may run on"),
  agentPodPatch: row('any', 'connect', "JSON of a strategic merge patch over the agent's pod; see --agent-pod-file"),
  agentPriorityClass: row('any', 'connect', "priority class of the agent's pod"),
  agentPullSecrets: row('any', 'connect', 'secrets by which the cluster pulls the image of the agent'),
  agentRequests: row('any', 'connect', "requests of the agent's container: cpu=20m, memory=32Mi"),
  agentTolerations: row('any', 'connect', "taints that the agent's pod tolerates: key=value:NoSchedule"),
  answersFor: row('domain', 'now', 'domain in which this cluster may answer for every name'),
  baseImage: row('image', 'connect', 'image with a shell that this cluster can pull'),
  directAddress: row('place', 'now', 'where the agent can be reached directly, for directPath address'),
  directPath: row(
    'any',
    'now',
    'ways to the agent besides the API server; node-port: with a Service that opens a port on its node',
  ),
  extraDomains: row(
    'domain',
    'now',
    'other domains that the nameservers of this cluster answer for (its stub domains)',
  ),
  homeNamespace: row('namespace', 'connect', 'its Services can be reached by their short names'),
  namespacesInView: row('namespace', 'now', 'namespaces that the window shows; empty: all that you may see'),
  narrowedRanges: row('range', 'now', 'ranges of which only the addresses that this cluster shows are routed'),
  mappedRanges: row('range', 'now', 'ranges of this cluster that are reached by other addresses than they have'),
  pinnedServices: row('service', 'now', 'Services at the top of the list'),
  routedRanges: row('range', 'now', "ranges of this cluster that go before another network's broader route (a VPN)"),
  suffix: row('suffix', 'now', 'label behind any name of this cluster that says whose it is: orders.webshop.SUFFIX'),
};

/** What is set: a switch, one of some words, a text, a number, a list of words, pairs (NAME=VALUE), a context, or JSON. */
type Kind = 'switch' | 'choice' | 'text' | 'number' | 'list' | 'pairs' | 'context' | 'json';

export interface Setting extends Row {
  readonly name: string;
  readonly isOfContext: boolean;
  readonly kind: Kind;
  /** All that a choice can be; empty for the others. */
  readonly allowed: readonly string[];
}

/** Every setting, those of one context after the others, each part in the alphabet's order. */
export const allSettings: readonly Setting[] = [
  ...Object.entries(settingsForAll).map(([name, of]) => ({
    name,
    isOfContext: false,
    ...of,
    ...shapeOf(settingsSchema.shape[name as NameForAll], of.word),
  })),
  ...Object.entries(settingsForContext).map(([name, of]) => ({
    name,
    isOfContext: true,
    ...of,
    ...shapeOf({ ...contextSettingsSchema.shape, ...settingsSchema.shape }[name as NameForContext], of.word),
  })),
];

/** The parts of a schema of zod that tell what may be written. */
interface Shape {
  readonly def: Readonly<Record<'type' | 'innerType' | 'element' | 'valueType', unknown>>;
  readonly options?: readonly unknown[];
}

function shapeOf(schema: unknown, word: Word): Pick<Setting, 'kind' | 'allowed'> {
  const { def, options } = schema as Shape;
  const isText = (part: unknown) => (part as Shape).def.type === 'string';
  const isNamed = word === 'context' || word === 'service'; // kept as an object, written as its name
  switch (def.type) {
    case 'default':
    case 'optional':
      return shapeOf(def.innerType, word);
    case 'boolean':
      return { kind: 'switch', allowed: ['on', 'off'] };
    case 'enum':
      return { kind: 'choice', allowed: (options ?? []).map(String) };
    case 'string':
      return { kind: 'text', allowed: [] };
    case 'number':
      return { kind: 'number', allowed: [] };
    case 'array':
      return { kind: isNamed || isText(def.element) ? 'list' : 'json', allowed: [] };
    case 'record':
      return { kind: isText(def.valueType) ? 'pairs' : 'json', allowed: [] };
    default:
      return { kind: isNamed ? 'context' : 'json', allowed: [] };
  }
}

/** What is set, as it is kept; for a setting of one context, what is chosen for `key`. */
export function settingValue(settings: Settings, { name, isOfContext }: Setting, key: ContextKey | null): unknown {
  if (!isOfContext) {
    return settings[name as NameForAll];
  }
  if (name === 'pinnedServices') {
    return settings.pinnedServices.filter((pin) => isSameKey(pin, key));
  }
  const own = settings.contexts.find((one) => isSameKey(one, key)) ?? nothingChosen;
  return own[name as keyof typeof nothingChosen];
}

/** The value as the words that set it; a context is its name. None where nothing is set. */
export function wordsOf({ kind, word }: Setting, value: unknown): readonly string[] {
  switch (kind) {
    case 'switch':
      return [value === true ? 'on' : 'off'];
    case 'list':
      return (value as readonly unknown[]).map((one) => nameOf(word, one));
    case 'pairs':
      return Object.entries(value as Readonly<Record<string, string>>).map(([name, one]) => `${name}=${one}`);
    case 'json':
      return [JSON.stringify(value)];
    default:
      return value === null || value === '' ? [] : [nameOf(word, value)];
  }
}

function nameOf(word: Word, value: unknown): string {
  if (word === 'service') {
    const { namespace, name } = value as { readonly namespace: string; readonly name: string };
    return `${namespace}/${name}`;
  }
  return word === 'context' ? (value as ContextKey).context : String(value);
}
