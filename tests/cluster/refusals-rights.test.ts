/** Rights that are missing: each is named, with the Role to ask for, before anything is made. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { agentRules, type Rule } from '../../app/adapters/cluster/roles.ts';
import { importAgentImage } from './images.ts';
import { must } from './programs.ts';
import { connected, Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

/** Where the accounts of this file are given rights; it has no pods, so that without more rights no range is seen. */
const namespace = 'refusals-rights';

interface Right {
  readonly verb: string;
  readonly resource: string;
}
const rights: readonly Right[] = agentRules.flatMap(({ resources, verbs }) =>
  resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource }))),
);
/** What nothing works without when the agent is sent, by the words of README.md. */
const needed: readonly string[] = [
  'create jobs',
  'get jobs',
  'patch jobs',
  'delete jobs',
  'get pods',
  'list pods',
  'watch pods',
  'get pods/exec',
  'create pods/exec',
  'create pods/portforward',
];

const nameOf = ({ verb, resource }: Right) => `${verb} ${resource}`;
const accountWithout = (right: string) => `without-${right.replace(/[^a-z]/g, '-')}`;
const roleWithout = (right: string): Rule[] =>
  agentRules
    .flatMap(({ apiGroups, resources, verbs }) => resources.map((resource) => ({ apiGroups, resource, verbs })))
    .map(({ apiGroups, resource, verbs }) => ({
      apiGroups,
      resources: [resource],
      verbs: verbs.filter((verb) => nameOf({ verb, resource }) !== right),
    }))
    .filter(({ verbs }) => verbs.length > 0);

/** A Role and the account that has it. */
function grant(name: string, where: string, rules: readonly Rule[]): string {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name, namespace: where };
  return [
    { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [{ apiGroup, kind: 'User', name }],
    },
  ]
    .map((document) => stringify(document, { aliasDuplicateObjects: false }))
    .join('---\n');
}

describe('an account', () => {
  let refusals: Refusals;
  const productOf = (account: string) =>
    refusals.productWith(
      refusals.edited(({ user }) => {
        user.as = account;
      }),
    );
  const here = ['sandbox', '--namespace', namespace, '--base-image', workload.baseImage];

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-rights');
    const { cluster } = refusals.scene;
    await cluster.kubectl(['create', 'namespace', namespace]);
    const grants = rights.map((right) => grant(accountWithout(nameOf(right)), namespace, roleWithout(nameOf(right))));
    await cluster.kubectl(['apply', '-f', '-'], grants.join('---\n'));
  });
  afterAll(async () => {
    await refusals.scene.cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await refusals.close();
  });

  it.each(needed)('that may not %s', async (right) => {
    const [verb, resource] = right.split(' ');
    const refusal = await refusals.refused(productOf(accountWithout(right)), here, {
      code: 'forbidden',
      exitCode: 4,
      cause: `this account may not ${right} in the namespace ${namespace}`,
      fix: 'Ask an administrator for the Role below',
    });
    expect(refusal.stderr).toContain(`Your account may not ${verb} ${resource}`);
    expect(roleIn(refusal.fixes)).toMatchObject({ kind: 'Role', metadata: { namespace }, rules: agentRules });
    expect(roleIn(refusal.fixes).rules).toContainEqual(
      expect.objectContaining({ resourceNames: [expect.stringMatching(/^slipway-agent-/)] }),
    );
  });

  it('that may not exec connects by an image with the agent inside', async () => {
    const image = await importAgentImage(refusals.scene, refusals.folder());
    const account = accountWithout('create pods/exec');
    const { cluster } = refusals.scene;
    await cluster.kubectl(
      ['apply', '-f', '-'],
      grant(account, workload.http.namespace, roleWithout('create pods/exec')),
    );
    const product = productOf(account);
    try {
      await product.connect('sandbox', '--namespace', workload.http.namespace, '--agent-image', image);
      await expectPodAnswers(refusals);
      await refusals.expectUnchanged(product);
    } finally {
      await cluster.kubectl(['delete', 'role,rolebinding', '-n', workload.http.namespace, account]);
    }
  });

  it('without any right: connects once it has the Role that was printed, and says what else is missing', async () => {
    const account = 'refusals-nobody';
    const { cluster } = refusals.scene;
    const product = productOf(account);
    const refusal = await refusals.refused(product, usual, {
      code: 'forbidden',
      exitCode: 4,
      cause: `in the namespace ${workload.http.namespace}`,
      fix: /to copy:/,
    });
    const role = roleIn(refusal.fixes);
    const where = ['-n', role.metadata.namespace];
    const [, policy] = copiedFrom(refusal.fixes);
    expect(policy?.kind).toBe('NetworkPolicy');
    // The sandbox's network enforces no policy: that the API server takes it is what can be seen here.
    await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], stringify(policy));
    await cluster.kubectl(['apply', '-f', '-'], stringify(role));
    await cluster.kubectl([
      'create',
      'rolebinding',
      account,
      ...where,
      `--role=${role.metadata.name}`,
      `--user=${account}`,
    ]);
    try {
      await product.connect(...usual);
      await expectPodAnswers(refusals);
      const { degraded } = await connected(product);
      expect(degraded.map(({ code }) => code)).toContain('forbidden');
      await refusals.expectUnchanged(product);
    } finally {
      await cluster.kubectl(['delete', 'rolebinding', ...where, account]);
      await cluster.kubectl(['delete', 'role', ...where, role.metadata.name]);
    }
  });

  it('whose namespace shows no address: no range can be learnt', () =>
    refusals.refused(productOf(accountWithout('list events')), here, {
      code: 'no-ranges',
      exitCode: 4,
      cause: 'not allowed to list Services, nodes or pods',
      fix: /extraRanges[\s\S]*kind: ClusterRole/,
    }));

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});

async function expectPodAnswers({ scene }: Refusals): Promise<void> {
  const [pod] = await scene.cluster.pods(workload.http.namespace, workload.http.selector);
  await must(scene.laptop, ['curl', '-sS', '-m', '5', `http://${pod?.status.podIP}:${workload.http.podPort}/`]);
}

interface Copied {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rules?: unknown;
}

/** The Role that the command line offers to copy. */
function roleIn(fixes: string): Copied {
  return copiedFrom(fixes)[0] ?? expect.fail('no Role to copy');
}

/** All documents that it offers to copy: the Role, then the NetworkPolicy. */
function copiedFrom(fixes: string): Copied[] {
  const text = fixes.slice(fixes.indexOf('to copy:\n') + 'to copy:\n'.length);
  const own = text.split('\n').filter((line) => line.startsWith('    '));
  const documents = parseAllDocuments(own.map((line) => line.slice(4)).join('\n'));
  return [...documents].map((document) => document.toJS() as Copied);
}
