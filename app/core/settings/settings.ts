/** Settings: what is in force, and which changes make sense. Pure but for the store that it is given. */
import {
  agentPodOf,
  type ContextKey,
  defaultSettings,
  failure,
  nothingChosen,
  objectionsTo,
  problem,
  type Result,
  readPlace,
  type Settings,
  success,
  wordForms,
} from '../../contract/index.ts';
import { parsePrefix } from '../../contract/prefix.ts';
import type { Policy } from '../connection/state.ts';
import type { Log, StorePort } from '../ports.ts';
import { choicesFor } from './context-choices.ts';

/** Reads the settings. A broken file was set aside by the store: the second reading finds none and answers defaults. */
export async function readSettings(store: StorePort, log: Log): Promise<Settings> {
  const first = await store.settings();
  if (first.ok) {
    return first.value;
  }
  log.warning('settings could not be read', { code: first.problem.code, cause: first.problem.cause });
  const second = await store.settings();
  return second.ok ? second.value : defaultSettings;
}

type Change = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };

/** The settings after a change; a problem where a part of it makes no sense. What is named twice is kept once. */
export function changeSettings(settings: Settings, change: Change): Result<Settings> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const changed: Settings = { ...settings, ...given };
  const complaint =
    complainAboutRanges(changed) ?? complainAboutFiles(changed.kubeconfigFiles) ?? complainAboutContexts(changed);
  if (complaint !== null) {
    return failure(problem('usage', complaint));
  }
  return success({
    ...changed,
    baseImage: changed.baseImage || defaultSettings.baseImage,
    kubeconfigFiles: [...new Set(changed.kubeconfigFiles)],
    contexts: once(changed.contexts.toReversed(), keyOf).toReversed(), // the later one is the newer choice
    pinnedContexts: once(changed.pinnedContexts, keyOf),
    pinnedServices: once(changed.pinnedServices, (pin) => `${keyOf(pin)}\n${pin.namespace}\n${pin.name}`),
  });
}

function complainAboutRanges({ extraRanges, excludedRanges, contexts }: Settings): string | null {
  const ofContexts = contexts.flatMap(({ routedRanges, narrowedRanges, mappedRanges }) => [
    ...routedRanges,
    ...narrowedRanges,
    ...mappedRanges,
  ]);
  for (const range of [...extraRanges, ...excludedRanges, ...ofContexts]) {
    if (parsePrefix(range) === null) {
      return `${range} is not a range: write it as 10.20.0.0/16`;
    }
  }
  return null;
}

/** The core runs in no folder that a user knows: a relative path would mean another file than was meant. */
function complainAboutFiles(files: readonly string[]): string | null {
  const relative = files.find((file) => !/^(\/|~\/|[A-Za-z]:[\\/]|\\\\)/.test(file));
  return relative === undefined ? null : `${relative} is not the absolute path of a kubeconfig`;
}

function complainAboutContexts({ contexts, agentImage, baseImage, pinnedServices }: Settings): string | null {
  const namespaces = [
    ...contexts.flatMap((one) => [one.agentNamespace, one.homeNamespace, ...one.namespacesInView]),
    ...pinnedServices.map((pin) => pin.namespace),
  ];
  const unnamed = namespaces.find((name) => name !== '' && !wordForms.namespace.test(name));
  if (unnamed !== undefined) {
    return `${unnamed} is not a valid namespace name`;
  }
  const unusableSuffix = contexts.find(({ suffix }) => suffix !== '' && !wordForms.namespace.test(suffix));
  if (unusableSuffix !== undefined) {
    return `${unusableSuffix.suffix} is not a label: write it as staging-2`;
  }
  const unanswerable = contexts
    .flatMap(({ answersFor, extraDomains }) => [answersFor, ...extraDomains])
    .find((domain) => domain !== '' && !wordForms.domain.test(domain));
  if (unanswerable !== undefined) {
    return `${unanswerable} is not a domain: write it as k8s.example.org`;
  }
  const lost = contexts.find(({ directAddress }) => directAddress !== '' && readPlace(directAddress) === null);
  if (lost !== undefined) {
    return `${lost.directAddress} is no place to connect to: write it as 10.1.2.3:31820`;
  }
  if (contexts.some(({ directPath, directAddress }) => directPath === 'address' && directAddress === '')) {
    return 'directPath can be address once directAddress is set';
  }
  const [objection] = contexts.flatMap(objectionsTo);
  if (objection !== undefined) {
    return objection;
  }
  const images = [agentImage, baseImage, ...contexts.flatMap((one) => [one.agentImage, one.baseImage])];
  const unusable = images.find((image) => image !== '' && !wordForms.image.test(image));
  return unusable === undefined
    ? null
    : `${unusable} is not an image reference: write it as registry.example.org/name:tag`;
}

function keyOf({ context, file }: { readonly context: string; readonly file: string }): string {
  return `${context}\n${file}`;
}

/** Each key's first item. */
function once<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const isNew = !seen.has(key(item));
    seen.add(key(item));
    return isNew;
  });
}

/** The part that the connection with a cluster decides by. */
export function policyOf(settings: Settings, { context, file }: ContextKey): Policy {
  const { recover, resolverMode, extraRanges, excludedRanges } = settings;
  const own = choicesFor(settings, context, file) ?? nothingChosen;
  const { answersFor, extraDomains, routedRanges, narrowedRanges, mappedRanges, directPath, directAddress } = own;
  return {
    recover,
    names: resolverMode !== 'off',
    ...{
      extraRanges,
      excludedRanges,
      routedRanges,
      narrowedRanges,
      mappedRanges,
      answersFor,
      extraDomains,
      directPath,
      directAddress,
    },
    agentPod: agentPodOf(own),
  };
}
