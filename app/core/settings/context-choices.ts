/** What a connect takes where its input says nothing: the choices for its context, then those for all, then defaults. Pure. */
import {
  type Context,
  type ContextSettings,
  defaultSettings,
  nothingChosen,
  type Place,
  type Settings,
  type Wanted,
} from '../../contract/index.ts';

/** What the sandbox's cluster needs: its image that has a shell, and the namespace of its workload (sandbox/manifests). */
export const sandboxChoices = { baseImage: 'sandbox.local/base:1', homeNamespace: 'webshop' } as const;

type Choices = Partial<Pick<Wanted, 'homeNamespace' | 'agentNamespace' | 'agentImage' | 'baseImage'>>;

/** The choices for one context; undefined where none were made. */
export function choicesFor(settings: Settings, context: string, file: string): ContextSettings | undefined {
  return settings.contexts.find((candidate) => candidate.context === context && candidate.file === file);
}

/** Settings with other choices for one context. */
export function withChoices(
  settings: Settings,
  context: string,
  file: string,
  change: Partial<Omit<ContextSettings, 'context' | 'file'>>,
): Settings {
  const known = choicesFor(settings, context, file);
  const changed: ContextSettings = { ...(known ?? { context, file, ...nothingChosen }), ...change };
  const contexts =
    known === undefined
      ? [...settings.contexts, changed]
      : settings.contexts.map((one) => (one === known ? changed : one));
  return { ...settings, contexts };
}

/** Settings without the word that a Service may be made in this context's cluster. */
export function withoutServiceConsent(settings: Settings, { name, file }: Pick<Context, 'name' | 'file'>): Settings {
  const isGiven = choicesFor(settings, name, file)?.directPath === 'node-port';
  return isGiven ? withChoices(settings, name, file, { directPath: nothingChosen.directPath }) : settings;
}

/** The context that the sandbox writes into its kubeconfig (sandbox/kubeconfig.ts), seen from a laptop of it. */
function isOfSandbox(context: Context, place: Place | undefined): boolean {
  return place?.isInSandbox === true && context.name === 'sandbox' && context.cluster === 'sandbox';
}

/**
 * What is wanted: an image that was named in one place is not undone by a base image of a place further away. On a laptop of
 * the sandbox its cluster, which can pull nothing, gets the image that it has, unless another one was chosen anywhere.
 */
export function wantedFor(
  settings: Settings,
  context: Context,
  input: Choices & Pick<Wanted, 'proxy'>,
  place?: Place,
): Wanted {
  const own = choicesFor(settings, context.name, context.file);
  const homeNamespace = input.homeNamespace || own?.homeNamespace || context.namespace || 'default';
  const isUnchosen = settings.baseImage === defaultSettings.baseImage;
  const imageForAll = isUnchosen && isOfSandbox(context, place) ? sandboxChoices.baseImage : settings.baseImage;
  const nearest = [input, own ?? {}, settings].find(({ agentImage, baseImage }) => agentImage || baseImage) ?? settings;
  return {
    context: context.name,
    file: context.file,
    homeNamespace,
    agentNamespace: input.agentNamespace || own?.agentNamespace || homeNamespace,
    agentImage: nearest.agentImage ?? '',
    baseImage: input.baseImage || own?.baseImage || imageForAll,
    ...(input.proxy === true ? { proxy: true } : {}),
  };
}
