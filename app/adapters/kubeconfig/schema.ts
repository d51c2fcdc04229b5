/**
 * A kubeconfig's fields and their types (client-go's clientcmd/api/v1), decoded as encoding/json does: null is as good
 * as absent, any other wrong type refuses the whole file, as it does for kubectl. What can be read and not be used
 * (a context without a cluster, a plugin without a command) is the context's own problem, later.
 */
import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const texts = z
  .array(text)
  .nullish()
  .transform((values) => values ?? []);

/** Go's base64.StdEncoding, which overlooks line breaks and nothing else. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Bytes may be a list of numbers, too. */
const data = z.union([
  text.refine((value) => base64.test(value.replaceAll(/[\r\n]/g, '')), 'is not base64'),
  z.array(z.number().int().min(0).max(255)).transform((bytes) => Buffer.from(bytes).toString('base64')),
]);

/** Names in a list must differ: client-go makes maps of them. */
const extensions = list(z.object({ name: text, extension: z.unknown() }));

function list<Item extends z.ZodType<{ name: string }>>(item: Item) {
  return z
    .array(item.nullable().transform((value) => value ?? item.parse({})))
    .nullish()
    .transform((values) => values ?? [])
    .superRefine((values, context) => {
      const names = new Set<string>();
      for (const [index, { name }] of values.entries()) {
        if (names.has(name)) {
          context.addIssue({ code: 'custom', path: [index], message: `the name "${name}" is given twice` });
        }
        names.add(name);
      }
    });
}

const clusterFields = {
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': data,
  'proxy-url': text,
  'disable-compression': flag,
  extensions,
};
const clusterEntrySchema = z.object(clusterFields);
export type ClusterEntry = z.infer<typeof clusterEntrySchema>;

const execFields = {
  apiVersion: text,
  command: text,
  args: texts,
  env: z
    .array(
      z
        .object({ name: text, value: text })
        .nullable()
        .transform((value) => value ?? { name: '', value: '' }),
    )
    .nullish()
    .transform((values) => values ?? []),
  installHint: text,
  interactiveMode: text,
  provideClusterInfo: flag,
};
const execEntrySchema = z.object(execFields);
export type ExecEntry = z.infer<typeof execEntrySchema>;

const userFields = {
  'client-certificate': text,
  'client-certificate-data': data,
  'client-key': text,
  'client-key-data': data,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': z
    .record(z.string(), texts)
    .nullish()
    .transform((value) => value ?? {}),
  exec: execEntrySchema.nullish().transform((value) => value ?? null),
  'auth-provider': z
    .object({
      name: text,
      config: z
        .record(z.string(), text)
        .nullish()
        .transform((value) => value ?? {}),
    })
    .nullish()
    .transform((value) => value ?? null),
  extensions,
};
const userEntrySchema = z.object(userFields);
export type UserEntry = z.infer<typeof userEntrySchema>;

const contextFields = { cluster: text, user: text, namespace: text, extensions };
const contextEntrySchema = z.object(contextFields);
export type ContextEntry = z.infer<typeof contextEntrySchema>;

/** An entry without content is one whose fields are all empty. */
const content = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? schema.parse({}));

export const kubeconfigSchema = z.object({
  preferences: z.object({ colors: flag, extensions }).nullish(),
  clusters: list(z.object({ name: text, cluster: content(clusterEntrySchema) })),
  users: list(z.object({ name: text, user: content(userEntrySchema) })),
  contexts: list(z.object({ name: text, context: content(contextEntrySchema) })),
  'current-context': text,
  extensions,
});
export type KubeconfigDocument = z.infer<typeof kubeconfigSchema>;

/** No user: whoever the server takes one for that shows no credentials. */
export const noUser: UserEntry = userEntrySchema.parse({});

/** Fields of each mapping, by its place: what is none of them is not read, and probably misspelt. */
export const knownFields = {
  document: ['apiVersion', 'kind', ...Object.keys(kubeconfigSchema.shape)],
  cluster: Object.keys(clusterFields),
  user: Object.keys(userFields),
  context: Object.keys(contextFields),
  exec: Object.keys(execFields),
} as const;

/** The first complaint of a failed check, as a person would say it. */
export function complaint({ path, message }: { path: readonly PropertyKey[]; message: string }): string {
  return `${path.length === 0 ? 'it' : path.map(String).join('.')}: ${message}`;
}
