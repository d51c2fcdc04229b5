/** The commonest restricted user: what Slipway needs, in one namespace, and nothing of the cluster as a whole. */
export const rightsIn = (namespace: string, account: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: ${account}, namespace: ${namespace}}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create, get, patch, delete]}
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [services], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
- {apiGroups: [""], resources: [pods/exec, pods/portforward], verbs: [create, get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${account}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${account}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ${account}}]
`;
