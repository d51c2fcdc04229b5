/** Settings of one user on one laptop, kept by the core, seen and changed by every frontend. */
import { z } from 'zod';
import { agentPodFields, noAgentPodChoices } from './agent-pod.ts';
import { contextKeySchema } from './contexts.ts';
import { directPathSchema } from './direct-path.ts';

/** What is chosen for one context; empty strings take the defaults. */
export const contextSettingsSchema = contextKeySchema.extend({
  agentNamespace: z.string().max(63).default(''),
  agentImage: z.string().max(512).default(''),
  baseImage: z.string().max(512).default(''),
  homeNamespace: z.string().max(63).default(''),
  /** Namespaces whose Services are listed; empty: all that the user may see. */
  namespacesInView: z.array(z.string().max(63)).max(10_000).default([]),
  /** The user's word: the cluster may answer for all of this domain. Another domain that it claims later is not meant. */
  answersFor: z.string().max(253).default(''),
  /** Other domains that the cluster's nameservers answer for (stub domains of its CoreDNS), by the user's word. */
  extraDomains: z.array(z.string().max(253)).max(50).default([]),
  /** Behind any name of this cluster, while several are on: a label; empty: one made of the context's name. */
  suffix: z.string().max(63).default(''),
  /** The user's word on ranges of this cluster: they go before broader routes of other networks, a VPN's say. */
  routedRanges: z.array(z.string().max(64)).max(1000).default([]),
  /** Of these only the addresses that the cluster shows are routed, even where nothing collides. */
  narrowedRanges: z.array(z.string().max(64)).max(1000).default([]),
  /** These are reached by other addresses than they have. */
  mappedRanges: z.array(z.string().max(64)).max(1000).default([]),
  /** Ways to the agent besides the API server; `node-port` is the user's word that a Service may be made for it. */
  directPath: directPathSchema.default('pod'),
  /** The place for `address`: host:port. */
  directAddress: z.string().max(300).default(''),
  ...agentPodFields,
});
export type ContextSettings = z.infer<typeof contextSettingsSchema>;

/** What is in force for a context for which nothing was chosen. */
export const nothingChosen: Omit<ContextSettings, 'context' | 'file'> = {
  agentNamespace: '',
  agentImage: '',
  baseImage: '',
  homeNamespace: '',
  namespacesInView: [],
  answersFor: '',
  extraDomains: [],
  suffix: '',
  routedRanges: [],
  narrowedRanges: [],
  mappedRanges: [],
  directPath: 'pod',
  directAddress: '',
  ...noAgentPodChoices,
};

const pinnedServiceSchema = contextKeySchema.extend({
  namespace: z.string().max(63),
  name: z.string().max(253),
});
export type PinnedService = z.infer<typeof pinnedServiceSchema>;

/** How an address is copied; the last one is remembered. */
const copyFormSchema = z.enum([
  'name', // orders.webshop
  'full-name', // orders.webshop.svc.cluster.local
  'short-name', // orders, in the home namespace
  'host-port',
  'url',
  'cluster-ip',
  'environment',
  'curl',
  'psql',
  'redis-cli',
  'grpcurl',
]);
export type CopyForm = z.infer<typeof copyFormSchema>;

export const settingsSchema = z.object({
  kubeconfigFiles: z.array(z.string().max(4096)).max(1000),
  extraRanges: z.array(z.string().max(64)).max(1000),
  excludedRanges: z.array(z.string().max(64)).max(1000),
  baseImage: z.string().max(512), // an image with a shell that the cluster can pull; the agent's binary is sent into it
  agentImage: z.string().max(512), // an image with the agent inside; empty: send the binary
  recover: z.boolean(), // after a crash: restore what was wanted
  /** automatic takes systemd-resolved where it is in charge, else resolv.conf; off routes without names. */
  resolverMode: z.enum(['automatic', 'off']),
  contexts: z.array(contextSettingsSchema).max(1000),
  pinnedContexts: z.array(contextKeySchema).max(200),
  pinnedServices: z.array(pinnedServiceSchema).max(500),
  /** The context that is switched on when the app starts; null: none. */
  connectAtStart: contextKeySchema.nullable(),
  /** Whose plain names are in force whenever it is on beside others; null: those of the one that was on first. */
  preferredNames: contextKeySchema.nullable(),
  startAtLogin: z.boolean(),
  notifications: z.boolean(),
  language: z.enum(['system', 'en', 'zh-CN']),
  theme: z.enum(['system', 'light', 'dark']),
  contrast: z.enum(['system', 'more']),
  copyForm: copyFormSchema,
  /** What closing the window does where there is no tray; asked once. */
  closing: z.enum(['ask', 'keep', 'quit']),
  /** The first run was read and ended. */
  welcomed: z.boolean(),
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
  resolverMode: 'automatic',
  contexts: [],
  pinnedContexts: [],
  pinnedServices: [],
  connectAtStart: null,
  preferredNames: null,
  startAtLogin: false,
  notifications: true,
  language: 'system',
  theme: 'system',
  contrast: 'system',
  copyForm: 'host-port',
  closing: 'ask',
  welcomed: false,
};
