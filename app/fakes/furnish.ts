/** The believable world that scenes begin with: contexts of a kubeconfig, Services, pods, what was used before. */
import { type Problem, problem } from '../contract/index.ts';
import { podsBehind, troubledPods } from './believable-pods.ts';
import { believableNamespaces, believableServices } from './believable-services.ts';
import { context } from './kubeconfig.ts';
import type { World } from './world.ts';

/** A Role with what an agent needs, as a problem tells it. */
export const role = [
  'apiVersion: rbac.authorization.k8s.io/v1',
  'kind: Role',
  'metadata:',
  '  name: slipway-agent',
  '  namespace: dev',
  'rules:',
  '  # makes the agent',
  '  - apiGroups: [batch]',
  '    resources: [jobs]',
  '    verbs: [create]',
  '  # moves the deadline of its own agent on, and deletes it',
  '  - apiGroups: [batch]',
  '    resources: [jobs]',
  '    resourceNames: [slipway-agent-0c4f81d2aa]',
  '    verbs: [get, patch, delete]',
  '',
].join('\n');

export const mayNotMakeJobs: Problem = problem(
  'forbidden',
  'jobs.batch is forbidden: User "jane" cannot create resource "jobs" in API group "batch" in the namespace "dev"',
  { verb: 'create', resource: 'jobs', namespace: 'dev' },
  role,
);
const pluginValues = {
  AWS_PROFILE: 'payments-production',
  AWS_CONFIG_FILE: '/home/jane/checkout/aws.ini',
  HTTPS_PROXY: 'http://203.0.113.7:3128',
  LD_PRELOAD: '/home/jane/checkout/lib/colors.so',
  STAGE: 'test',
};

/** Fills a world; `now` is the time of its things, in ms. */
export function furnish({ cluster, kubeconfig, store, host }: World, now: number): void {
  cluster.services = believableServices(now);
  cluster.pods = [...podsBehind(cluster.services, now), ...troubledPods(now)];
  cluster.namespaces = [...believableNamespaces];
  const awsPlugin = {
    command: '/usr/local/bin/aws',
    arguments: [
      '--region',
      'eu-central-1',
      'eks',
      'get-token',
      '--cluster-name',
      'production-payments',
      '--output',
      'json',
    ],
    environmentNames: ['AWS_PROFILE'],
    digest: 'sha256:5d1f0c',
    trusted: false,
    refusal: null,
  };
  const arn = 'arn:aws:eks:eu-central-1:123456789012:cluster/production-payments-eu-central-1';
  kubeconfig.contexts = [
    context('test-frankfurt', 'https://kube.test.frankfurt.example.com:6443', { current: true }),
    context('staging-eu', 'https://203.0.113.40:6443', { authentication: 'certificate', user: 'jane@staging' }),
    context('dev-shared', 'https://kube.dev.example.com', { namespace: 'dev', authentication: 'certificate' }),
    context('sandbox', 'https://10.87.0.2:6443', { file: '/home/jane/.cache/slipway/sandbox/admin.kubeconfig' }),
    context(arn, 'https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com', {
      authentication: 'exec',
      execPlugin: awsPlugin,
      namespace: 'default',
    }),
    context('old-cluster', '', {
      authentication: 'unsupported',
      digest: '',
      problem: problem(
        'kubeconfig-unreadable',
        'context "old-cluster": it names the cluster "old", which no file defines',
        {
          file: '/home/jane/.kube/config',
          context: 'old-cluster',
        },
      ),
    }),
  ];
  for (const [name, value] of Object.entries(pluginValues)) {
    kubeconfig.values.set(name, value);
  }
  kubeconfig.missingRights.set('dev-shared', [mayNotMakeJobs]);
  const used = new Map([
    ['test-frankfurt', now - 3_600_000],
    ['staging-eu', now - 3 * 86_400_000],
    ['sandbox', now - 40 * 86_400_000],
  ]);
  const records = kubeconfig.contexts
    .filter(({ name }) => used.has(name))
    .map(({ name, file, digest, parts }) => ({
      context: name,
      file,
      confirmed: { digest, parts },
      used: null,
      lastUsedAt: used.get(name) ?? null,
    }));
  store.kept = { ...store.kept, settings: { ...store.kept.settings, welcomed: true }, records };
  host.helperRuns = true;
}
