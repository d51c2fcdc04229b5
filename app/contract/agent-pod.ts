/**
 * What a user adds to the agent's pod: fields for what policies commonly want, and a strategic merge patch over the pod's
 * template for the rest. What the agent stands on, and what would give its pod power over its node, is not to be had.
 */
import { z } from 'zod';

const pairs = z.record(z.string().max(317), z.string().max(4096)).default({});

/** Part of what is chosen for a context (ContextSettings). */
export const agentPodFields = {
  agentAnnotations: pairs,
  agentLabels: pairs,
  /** Quantities by resource, as a container has them: cpu, memory, ephemeral-storage. */
  agentLimits: pairs,
  agentNodeSelector: pairs,
  /** JSON of a strategic merge patch over the pod's template: {"metadata": …, "spec": …}; empty: none. */
  agentPodPatch: z
    .string()
    .max(32 << 10)
    .default(''),
  agentPriorityClass: z.string().max(253).default(''),
  agentPullSecrets: z.array(z.string().max(253)).max(20).default([]),
  agentRequests: pairs,
  /** As `kubectl taint` writes taints: key=value:Effect, key:Effect, key; `*` tolerates all. */
  agentTolerations: z.array(z.string().max(400)).max(50).default([]),
};
const agentPodSchema = z.object(agentPodFields);
export type AgentPodChoices = z.infer<typeof agentPodSchema>;

export const noAgentPodChoices: AgentPodChoices = agentPodSchema.parse({});

/** The fields alone, out of what else is chosen. */
export function agentPodOf(chosen: AgentPodChoices): AgentPodChoices {
  return agentPodSchema.parse(chosen);
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** `agent` in pod-specs; its patch must name it as one does: by its container's name. */
export const agentContainerName = 'agent';

/** The strategic merge patches that the choices make, in the order in which they count. Unreadable JSON makes none. */
export function patchesOf(choices: AgentPodChoices): JsonObject[] {
  const { agentLabels, agentAnnotations, agentRequests, agentLimits } = choices;
  const isSet = (value: unknown) => value !== '' && Object.keys(Object(value)).length > 0;
  const only = (fields: Record<string, Json>) =>
    Object.fromEntries(Object.entries(fields).filter(([, one]) => isSet(one)));
  const resources = only({ requests: agentRequests, limits: agentLimits });
  const spec = only({
    nodeSelector: choices.agentNodeSelector,
    tolerations: choices.agentTolerations.map(tolerationOf),
    imagePullSecrets: choices.agentPullSecrets.map((name) => ({ name })),
    containers: isSet(resources) ? [{ name: agentContainerName, resources }] : [],
  });
  const priority = choices.agentPriorityClass === '' ? {} : { priorityClassName: choices.agentPriorityClass };
  const metadata = only({ labels: agentLabels, annotations: agentAnnotations });
  const fields = only({ metadata, spec: { ...spec, ...priority } });
  const given = readPatch(choices.agentPodPatch);
  return [fields, ...(given === null ? [] : [given])].filter(isSet);
}

function tolerationOf(text: string): JsonObject {
  if (text === '*') {
    return { operator: 'Exists' };
  }
  const [, key = '', value, effect] = tolerationForm.exec(text) ?? [];
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === undefined ? {} : { effect }),
  };
}
const tolerationForm = /^([^=:]+)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/;

function readPatch(text: string): JsonObject | null {
  try {
    const read: unknown = JSON.parse(text);
    return isObject(read) ? read : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why these choices cannot be had, one sentence each; none where they can. */
export function objectionsTo(choices: AgentPodChoices): string[] {
  const odd = choices.agentTolerations.filter((text) => text !== '*' && !tolerationForm.test(text));
  const unreadable = choices.agentPodPatch !== '' && readPatch(choices.agentPodPatch) === null;
  return [
    ...odd.map((text) => `${text} is not a toleration: write it as key=value:NoSchedule`),
    ...(unreadable ? ["the patch of the agent's pod is not an object with metadata and spec"] : []),
    ...patchesOf(choices).flatMap(objectionsToPatch),
  ];
}

/** Whole fields that are ours, by path; `[]` stands for each item, `[agent]` for our container. */
const ours: readonly (readonly [RegExp, string])[] = [
  [
    /^metadata\.(name|namespace|generateName|ownerReferences|finalizers|uid)\b/,
    'Slipway finds and deletes the pod by it',
  ],
  [
    /^metadata\.labels\.(app\.kubernetes\.io\/(name|managed-by)|slipway\.dev\/.*|(batch\.kubernetes\.io\/)?(job-name|controller-uid))$/,
    'Slipway finds the pod by it',
  ],
  [/^spec\.(restartPolicy|activeDeadlineSeconds)$/, 'the agent’s end depends on it'],
  [/^spec\.(hostNetwork|hostPID|hostIPC|shareProcessNamespace)$/, 'the agent must not reach what is its node’s'],
  [
    /^spec\.(automountServiceAccountToken|volumes\[\]\.projected\.sources.*serviceAccountToken)/,
    'the agent has no right in the cluster',
  ],
  [/^spec\.volumes\[\]\.hostPath/, 'the agent must not reach what is its node’s'],
  [/^spec\.volumes\[program\]/, 'the agent is sent into it'],
  [/^spec\.containers\[agent\]\.(command|args|workingDir|stdin|tty|lifecycle)\b/, 'it starts the agent'],
  [/^spec\.containers\[agent\]\.image$/, 'choose images with --base-image or --agent-image'],
  [/^spec\.containers\[agent\]\.env\[SLIPWAY_HOST_IP\]/, 'the agent keeps off its own node by it'],
  [/^spec\.containers\[agent\]\.volumeMounts\[\/slipway(\/.*)?\]/, 'the agent is sent into it'],
  [
    /securityContext\.(privileged|allowPrivilegeEscalation|procMount|capabilities\.(add|drop)|windowsOptions|runAsNonRoot|readOnlyRootFilesystem)\b/,
    'PodSecurity restricted would be given up',
  ],
];

/** Fields that may be set, but not to this. */
const dangerous: readonly (readonly [RegExp, (value: Json) => boolean])[] = [
  [/securityContext\.runAsUser$/, (value) => value === 0],
  [/securityContext\.(seccompProfile|appArmorProfile)\.type$/, (value) => value === 'Unconfined'],
  [/securityContext(\.(seccompProfile|capabilities))?$/, (value) => value === null],
];

function objectionsToPatch(patch: JsonObject): string[] {
  const strange = Object.keys(patch).filter((key) => !['apiVersion', 'kind', 'metadata', 'spec'].includes(key));
  const found = leavesOf(patch).flatMap(({ path, value }) => {
    const directive = /(?:^|\.)(\$\w+)/.exec(path)?.[1];
    if (directive !== undefined) {
      return [`${path}: directives are not taken; null removes a field`];
    }
    // What contains a field of ours and is removed takes it along.
    const why =
      ours.find(([form]) => form.test(path))?.[1] ??
      (value === null && isAboveOurs(path) ? 'it holds what is Slipway’s' : null);
    const isDangerous = dangerous.some(([form, is]) => form.test(path) && is(value));
    return why !== null
      ? [`${path}: ${why}`]
      : isDangerous
        ? [`${path}: PodSecurity restricted would be given up`]
        : [];
  });
  return [...strange.map((key) => `${key}: a patch of the pod's template has metadata and spec`), ...found];
}

function isAboveOurs(path: string): boolean {
  return /^(metadata|metadata\.labels|spec|spec\.(containers|volumes)(\[\w*\])?|spec\.containers\[agent\]\.(env|volumeMounts))$/.test(
    path,
  );
}

interface Leaf {
  readonly path: string;
  readonly value: Json;
}

/** Every value with its path; items that have a name (or a mount path) are named by it. */
function leavesOf(value: Json, path = ''): Leaf[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [{ path, value }] : value.flatMap((item: Json) => itemLeaves(item, path));
  }
  if (isObject(value)) {
    const entries = Object.entries(value);
    return entries.length === 0 && path !== ''
      ? [{ path, value }]
      : entries.flatMap(([key, one]) => leavesOf(one, path === '' ? key : `${path}.${key}`));
  }
  return [{ path, value }];
}

function itemLeaves(item: Json, path: string): Leaf[] {
  if (!isObject(item)) {
    return leavesOf(item, `${path}[]`);
  }
  const { name, mountPath, ...rest } = item;
  const named = typeof mountPath === 'string' ? mountPath : typeof name === 'string' ? name : '';
  const isOurs = /^spec\.(containers|volumes)$/.test(path) && (named === agentContainerName || named === 'program');
  const inside = typeof name === 'string' && typeof mountPath !== 'string' ? rest : item;
  const shown =
    path === 'spec.containers' || path.endsWith('.env') || path.endsWith('.volumeMounts') || isOurs ? named : '';
  const leaves = leavesOf(inside, `${path}[${shown}]`);
  return leaves.length === 0 ? [{ path: `${path}[${shown}]`, value: named }] : leaves;
}

/** What the choices change in the pod, a line for each field. Values of variables are not shown: they may be secret. */
export function changesOf(choices: AgentPodChoices): string[] {
  return patchesOf(choices).flatMap((patch) =>
    leavesOf(patch)
      .filter(({ path }) => path !== 'apiVersion' && path !== 'kind')
      .map(({ path, value }) => {
        const isSecret = /\.env\[[^\]]*\]\.value$/.test(path);
        return value === null ? `- ${path}` : `+ ${path}: ${isSecret ? '…' : JSON.stringify(value)}`;
      }),
  );
}
