/**
 * The fields of a kubeconfig that Slipway honours (client-go's clientcmd/api/v1). Entries are checked one by one: a
 * broken entry spoils the contexts that use it and no others.
 */
import { z } from 'zod';

const text = z.string();

/** YAML makes numbers and booleans of unquoted names and environment values; kubectl's decoder refuses those. */
const optionalText = text.nullish().transform((value) => value ?? '');

export const clusterEntrySchema = z.object({
  server: text.min(1, 'has no server'),
  'certificate-authority': optionalText,
  'certificate-authority-data': optionalText,
  'insecure-skip-tls-verify': z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  'proxy-url': optionalText,
  'tls-server-name': optionalText,
  extensions: z
    .array(z.object({ name: text, extension: z.unknown() }))
    .nullish()
    .transform((value) => value ?? []),
});
export type ClusterEntry = z.infer<typeof clusterEntrySchema>;

const execEntrySchema = z.object({
  apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: text.min(1, 'has no command'),
  args: z
    .array(text)
    .nullish()
    .transform((value) => value ?? []),
  env: z
    .array(z.object({ name: text.min(1).regex(/^[^=\0]+$/), value: text }))
    .nullish()
    .transform((value) => value ?? []),
  installHint: optionalText,
  interactiveMode: z
    .enum(['Never', 'IfAvailable', 'Always'])
    .nullish()
    .transform((value) => value ?? 'IfAvailable'),
  provideClusterInfo: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
});
export type ExecEntry = z.infer<typeof execEntrySchema>;

export const userEntrySchema = z.object({
  'client-certificate': optionalText,
  'client-certificate-data': optionalText,
  'client-key': optionalText,
  'client-key-data': optionalText,
  token: optionalText,
  tokenFile: optionalText,
  username: optionalText,
  password: optionalText,
  as: optionalText,
  'as-uid': optionalText,
  'as-groups': z
    .array(text)
    .nullish()
    .transform((value) => value ?? []),
  'as-user-extra': z
    .record(text, z.array(text))
    .nullish()
    .transform((value) => value ?? {}),
  exec: execEntrySchema.nullish().transform((value) => value ?? null),
  'auth-provider': z
    .object({ name: text })
    .nullish()
    .transform((value) => value ?? null),
});
export type UserEntry = z.infer<typeof userEntrySchema>;

export const contextEntrySchema = z.object({
  cluster: text.min(1, 'names no cluster'),
  user: optionalText,
  namespace: optionalText,
});

const named = <Key extends string>(key: Key) =>
  z
    .array(z.looseObject({ name: text.min(1) }))
    .nullish()
    .transform((entries) => (entries ?? []).map((entry) => ({ name: entry.name, value: entry[key] as unknown })));

export const kubeconfigSchema = z.object({
  kind: z.literal('Config').nullish(),
  clusters: named('cluster'),
  users: named('user'),
  contexts: named('context'),
  'current-context': optionalText,
});
export type KubeconfigDocument = z.infer<typeof kubeconfigSchema>;

/** The first complaint of a failed check, as a person would say it. */
export function complaint(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  return `${path === '' ? 'it' : path}: ${issue?.message ?? 'is of another shape'}`;
}
