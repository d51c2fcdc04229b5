/**
 * Every command of the contract: what goes in, what comes out, and what the caller must be allowed. Callers,
 * handler tables, the bridge and test doubles are derived from this one object.
 */
import { z } from 'zod';
import { problemSchema } from './problems.ts';
import { routeSchema, snapshotSchema, wantedSchema } from './state.ts';

/** read looks, operate switches connections, administer changes settings and trust. */
export type Level = 'read' | 'operate' | 'administer';

const contextName = z.string().min(1).max(512);
const namespaceName = z.string().max(63);

/** An exec credential plugin as the kubeconfig names it; `digest` identifies command line and environment. */
export const execPluginSchema = z.object({
  command: z.string(),
  arguments: z.array(z.string()),
  environmentNames: z.array(z.string()),
  digest: z.string(),
  trusted: z.boolean(),
});
export type ExecPlugin = z.infer<typeof execPluginSchema>;

export const contextSchema = z.object({
  name: z.string(),
  file: z.string(),
  cluster: z.string(),
  server: z.string(),
  user: z.string(),
  namespace: z.string(),
  current: z.boolean(),
  authentication: z.enum(['none', 'certificate', 'token', 'basic', 'exec', 'unsupported']),
  execPlugin: execPluginSchema.nullable(),
  problem: problemSchema.nullable(),
});
export type Context = z.infer<typeof contextSchema>;

export const servicePortSchema = z.object({
  name: z.string(),
  port: z.number(),
  protocol: z.string(),
  targetPort: z.string(),
  nodePort: z.number().nullable(),
  application: z.string(), // appProtocol, empty where not given
});

export const endpointSchema = z.object({
  address: z.string(),
  ready: z.boolean(),
  pod: z.string(),
  node: z.string(),
});

export const serviceSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']),
  addresses: z.array(z.string()), // cluster IPs; empty for headless and ExternalName
  headless: z.boolean(),
  externalName: z.string(),
  ports: z.array(servicePortSchema),
  endpoints: z.array(endpointSchema),
  labels: z.record(z.string(), z.string()),
  createdAt: z.number(),
});
export type Service = z.infer<typeof serviceSchema>;

export const checkSchema = z.object({
  check: z.enum(['helper', 'tun', 'resolver', 'api-server', 'rights', 'agent', 'tunnel', 'names', 'clock']),
  state: z.enum(['good', 'warning', 'bad', 'not-checked']),
  answer: z.string(),
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type Check = z.infer<typeof checkSchema>;

export const settingsSchema = z.object({
  kubeconfigFiles: z.array(z.string()),
  extraRanges: z.array(z.string()),
  excludedRanges: z.array(z.string()),
  baseImage: z.string(), // an image with a shell that the cluster can pull; the agent's binary is sent into it
  agentImage: z.string(), // an image with the agent inside; empty: send the binary
  recover: z.boolean(), // after a crash: restore what was wanted
});
export type Settings = z.infer<typeof settingsSchema>;

/** In force where nothing else was set. The base image is small, has sh and coreutils, and is mirrored nearly everywhere. */
export const defaultSettings: Settings = {
  kubeconfigFiles: [],
  extraRanges: [],
  excludedRanges: [],
  baseImage: 'docker.io/library/busybox:1.37',
  agentImage: '',
  recover: true,
};

const nothing = z.object({});

export const commands = {
  listContexts: {
    input: nothing,
    output: z.object({ contexts: z.array(contextSchema), problems: z.array(problemSchema) }),
    level: 'read',
  },
  listNamespaces: {
    input: z.object({ context: z.string(), trustExec: z.boolean().default(false) }),
    output: z.object({ namespaces: z.array(z.string()), complete: z.boolean() }),
    level: 'read',
  },
  listServices: {
    input: z.object({
      context: z.string(),
      namespaces: z.array(namespaceName), // empty: all that the user may see
      trustExec: z.boolean().default(false),
    }),
    output: z.object({ services: z.array(serviceSchema), problems: z.array(problemSchema) }),
    level: 'read',
  },
  previewRoutes: {
    input: z.object({ context: z.string(), trustExec: z.boolean().default(false) }),
    output: z.object({ routes: z.array(routeSchema), resolverMode: z.string() }),
    level: 'read',
  },
  /** Wants the context on; answers when it is wanted, progress is in the snapshot. Empty strings take the defaults. */
  connect: {
    input: z.object({
      context: contextName,
      homeNamespace: namespaceName.default(''),
      agentNamespace: namespaceName.default(''),
      agentImage: z.string().max(512).default(''),
      baseImage: z.string().max(512).default(''),
      trustExec: z.boolean().default(false),
    }),
    output: z.object({ wanted: wantedSchema }),
    level: 'operate',
  },
  /** Wants everything off; answers when the laptop is restored, while the cluster may still be deleting the agent. */
  disconnect: { input: nothing, output: z.object({ leftOnHost: z.number() }), level: 'operate' },
  /** Remembers that this exec plugin may run; `digest` must be the one that was shown. */
  trustExecPlugin: {
    input: z.object({ context: contextName, digest: z.string() }),
    output: nothing,
    level: 'administer',
  },
  getSnapshot: { input: nothing, output: snapshotSchema, level: 'read' },
  runChecks: {
    input: z.object({ context: z.string().default(''), trustExec: z.boolean().default(false) }),
    output: z.object({ checks: z.array(checkSchema) }),
    level: 'read',
  },
  getSettings: { input: nothing, output: settingsSchema, level: 'read' },
  changeSettings: { input: settingsSchema.partial(), output: settingsSchema, level: 'administer' },
  /** Ends the core after disconnecting. */
  quit: { input: nothing, output: nothing, level: 'operate' },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType; level: Level }>;

export type CommandName = keyof typeof commands;
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>;
export type CommandArguments<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>;
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>;
