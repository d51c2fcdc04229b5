/**
 * Every command of the contract: what goes in and what comes out. Callers,
 * handler tables, the bridge and test doubles are derived from this one object.
 */
import { z } from 'zod';
import { activityEntrySchema } from './activity.ts';
import { contextSchema } from './contexts.ts';
import { checkSchema, proofSchema, reportSchema, resolverAnswerSchema } from './diagnostics.ts';
import { explanationSchema } from './explain.ts';
import { podSchema } from './pods.ts';
import { problemSchema } from './problems.ts';
import { proxyAccessSchema } from './proxy.ts';
import { serviceSchema, testedSchema } from './services.ts';
import { settingsSchema } from './settings.ts';
import { namesSchema, routeSchema, snapshotSchema, wantedSchema } from './state.ts';

const contextName = z.string().min(1).max(512);
const namespaceName = z.string().max(63);
/** The kubeconfig that the context is of: names repeat over files and move between them. Empty: whichever is named so now. */
const contextFile = z.string().max(4096).default('');

const nothing = z.object({});
/** A question to the cluster of a context; `trustExec` lets its plugin run, where that is its first use. */
const ofCluster = z.object({ context: z.string(), file: contextFile, trustExec: z.boolean().default(false) });
const ofNamespaces = ofCluster.extend({
  namespaces: z.array(namespaceName), // empty: all that the user may see
});

export const commands = {
  /** How this frontend's caller and the one that started the core differ, for files that are read and plugins that run. */
  compareCaller: {
    input: nothing,
    output: z.object({
      /** Both mean the same kubeconfigs. */
      kubeconfigs: z.boolean(),
      /** Names of variables with other values. */
      variables: z.array(z.string()),
      /** The core holds nothing and does nothing. */
      idle: z.boolean(),
    }),
  },
  listContexts: {
    input: nothing,
    output: z.object({
      contexts: z.array(contextSchema),
      problems: z.array(problemSchema),
      /** What is odd in the files and read all the same (`kubeconfig-odd`). */
      warnings: z.array(problemSchema),
    }),
  },
  listNamespaces: {
    input: ofCluster,
    output: z.object({ namespaces: z.array(z.string()), complete: z.boolean() }),
  },
  listServices: {
    input: ofNamespaces,
    output: z.object({ services: z.array(serviceSchema), problems: z.array(problemSchema) }),
  },
  listPods: {
    input: ofNamespaces,
    output: z.object({ pods: z.array(podSchema), problems: z.array(problemSchema) }),
  },
  previewRoutes: {
    input: ofCluster,
    output: z.object({
      routes: z.array(routeSchema),
      resolverMode: z.string(),
      /** Servers that answer now and will answer for everything else. */
      upstreams: z.array(z.string()),
      /** Namespace and image of the agent that would be made. */
      agent: z.object({ namespace: z.string(), image: z.string(), delivery: z.enum(['image', 'sent']) }),
    }),
  },
  /**
   * Wants the context on; answers when it is wanted, progress is in the snapshot. Empty strings take the defaults, or leave
   * what is on as it is; what was asked for and cannot be put in force live is `connection-differs`.
   */
  connect: {
    input: z.object({
      context: contextName,
      file: contextFile,
      homeNamespace: namespaceName.default(''),
      agentNamespace: namespaceName.default(''),
      agentImage: z.string().max(512).default(''),
      baseImage: z.string().max(512).default(''),
      trustExec: z.boolean().default(false),
      /** Nothing of the laptop is changed and no helper is needed: programs come through a proxy on loopback. */
      proxy: z.boolean().default(false),
      /** Kept as the choice for this context (ContextSettings); empty takes it back, absent leaves it. */
      answersFor: z.string().max(253).optional(),
      /** The same of `agentPodPatch`. */
      agentPodPatch: z
        .string()
        .max(32 << 10)
        .optional(),
    }),
    output: z.object({
      wanted: wantedSchema,
      /** It was on before: nothing was connected anew, and what it does was checked just now. */
      already: z.boolean(),
    }),
  },
  /**
   * Wants the context off, or everything where none is named; a name alone is whatever is on by it. Answers when the laptop is restored, while the cluster may
   * still be deleting the agent.
   */
  disconnect: {
    input: z.object({ context: z.string().max(512).default(''), file: contextFile }),
    output: z.object({ leftOnHost: z.number() }),
  },
  /** Where the proxy of a connection listens, and what lets programs in. The password is for those that the system does not tell apart. */
  getProxy: {
    input: z.object({ context: z.string().max(512).default(''), file: contextFile }),
    output: proxyAccessSchema,
  },
  /** Makes another namespace the one whose bare names resolve, while connected or for the next time. */
  setHomeNamespace: {
    input: z.object({ context: contextName, file: contextFile, namespace: namespaceName.min(1) }),
    output: z.object({ names: namesSchema.nullable() }),
  },
  /**
   * Has the names of this context, which is on, in force on the laptop: those of others that are on need their suffix from then on. It is kept
   * (setting `preferredNames`), and counts whenever several are on.
   */
  preferNames: {
    input: z.object({ context: contextName, file: contextFile }),
    output: nothing,
  },
  /** Remembers that the context was seen with this digest; the plugin that it names may run from then on. */
  confirmContext: {
    input: z.object({ context: contextName, file: z.string().max(4096), digest: z.string() }),
    output: nothing,
  },
  /** What the plugin of a context is given in its environment; `digest` must be the one that was shown. */
  readPluginEnvironment: {
    input: z.object({ context: contextName, file: contextFile, digest: z.string() }),
    output: z.object({ variables: z.array(z.object({ name: z.string(), value: z.string() })) }),
  },
  /** Starts the helper where none serves; the system may ask for a password once. */
  prepareHelper: { input: nothing, output: z.object({ build: z.string() }) },
  /** A file to read and watch, or its text where a browser has no path: kept with mode 0600 in the config folder. */
  addKubeconfig: {
    input: z.object({
      source: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('file'), path: z.string().min(1).max(4096) }),
        z.object({ kind: z.literal('text'), name: z.string().max(200), text: z.string().max(1 << 20) }),
      ]),
    }),
    output: z.object({ file: z.string(), contexts: z.array(z.string()) }),
  },
  /** Forgets an added file; one that the app itself kept is deleted. */
  removeKubeconfig: { input: z.object({ file: z.string() }), output: nothing },
  /** Goes the way to a Service as a program on this laptop would, and says where it ends. */
  testService: {
    input: z.object({
      context: contextName,
      file: contextFile,
      namespace: namespaceName.min(1),
      service: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65535),
    }),
    output: testedSchema,
  },
  /** Goes the way to a pod's address likewise; there is no name to look up. */
  testPod: {
    input: z.object({
      context: contextName,
      file: contextFile,
      namespace: namespaceName.min(1),
      pod: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65535),
    }),
    output: testedSchema,
  },
  /** Asks the system's own way, our answerer and each upstream for a name; empty: a name of the cluster and an outside one. */
  testResolvers: {
    input: z.object({ context: z.string().default(''), file: contextFile, name: z.string().max(253).default('') }),
    output: z.object({ answers: z.array(resolverAnswerSchema) }),
  },
  /**
   * Says step by step what happens to a packet to a name or an address, `TARGET[:PORT]` or a URL, and what stops it; while the
   * context is off, what would happen. An empty context is the one that is on, or the current one.
   */
  explain: {
    input: z.object({
      context: z.string().max(512).default(''),
      file: contextFile,
      target: z.string().min(1).max(2048),
      trustExec: z.boolean().default(false),
    }),
    output: explanationSchema,
  },
  /** Looks at laptop and cluster for anything of ours; `context` names the cluster that was switched off. */
  proveOff: {
    input: z.object({ context: contextName, file: contextFile }),
    output: z.object({ proofs: z.array(proofSchema) }),
  },
  listActivity: {
    input: z.object({ limit: z.number().int().min(1).max(5000).default(500) }),
    output: z.object({ entries: z.array(activityEntrySchema) }), // oldest first
  },
  /** Gathers and redacts; nothing is written. */
  prepareReport: { input: nothing, output: reportSchema },
  /** Writes the prepared report as a zip; an empty path takes the user's download folder. */
  writeReport: {
    input: z.object({ id: z.string(), path: z.string().max(4096).default('') }),
    output: z.object({ path: z.string() }),
  },
  /** Builds and starts the sandbox as long work of the snapshot. */
  startSandbox: { input: nothing, output: z.object({ work: z.string() }) },
  stopSandbox: { input: nothing, output: z.object({ work: z.string() }) },
  /** Ends the questions that wait for logins of this context, and their plugins. */
  cancelLogin: { input: z.object({ context: z.string(), file: contextFile }), output: nothing },
  cancelWork: { input: z.object({ work: z.string() }), output: nothing },
  getSnapshot: { input: nothing, output: snapshotSchema },
  runChecks: {
    input: z.object({
      context: z.string().default(''),
      file: contextFile,
      trustExec: z.boolean().default(false),
      /** Says of a context that was not confirmed as it is now that it was not, and asks its cluster nothing; waits for nobody's login. */
      onlyConfirmed: z.boolean().default(false),
    }),
    output: z.object({ checks: z.array(checkSchema) }),
  },
  getSettings: { input: nothing, output: settingsSchema },
  changeSettings: { input: settingsSchema.partial(), output: settingsSchema },
  /**
   * Changes one setting by its name in words (settings-table.ts), as a command line does; `setting-invalid` says what can be
   * set. `add` and `remove` are for lists and pairs. `context` and `file` name whose setting it is, where it is of a context.
   */
  changeSetting: {
    input: z.object({
      name: z.string().max(64),
      context: z.string().max(512).default(''),
      file: contextFile,
      change: z.enum(['set', 'add', 'remove', 'reset']),
      words: z.array(z.string().max(1 << 16)).max(10_000),
    }),
    output: settingsSchema,
  },
  /** Ends the core after disconnecting. */
  quit: { input: nothing, output: nothing },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

export type CommandName = keyof typeof commands;
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>;
export type CommandArguments<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>;
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>;
