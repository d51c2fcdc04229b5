/**
 * What the API server writes down of who asked for what (audit.k8s.io/v1): objects that were made, and by a request
 * from which address, but not by the cluster's own programs. So a test can tell the objects of its own laptop from
 * those of another; no object in the cluster says who made it.
 */
const ownUsers = [
  'system:apiserver',
  'system:kube-controller-manager',
  'system:kube-proxy',
  'system:kube-scheduler',
] as const;

export const auditPolicyText = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'] },
    { level: 'None', users: ownUsers },
    // Questions, not objects.
    { level: 'None', resources: [{ group: 'authorization.k8s.io' }, { group: 'authentication.k8s.io' }] },
    { level: 'Metadata', verbs: ['create'] },
    { level: 'None' },
  ],
});
