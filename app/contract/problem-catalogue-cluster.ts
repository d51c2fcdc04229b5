/** Problems of the cluster and of the data path to it (areas cluster and data-path). Alphabetical by code. */
import { advice, command, type Entry, entry } from './problem-entry.ts';

export const clusterProblems = {
  'agent-crashed': entry(
    'cluster',
    'The agent pod crashed',
    advice('See its last output above; if it ran out of memory, raise the memory limit in the namespace.'),
    command('slipway doctor'),
  ),
  'agent-egress-blocked': entry(
    'cluster',
    'Nothing in the cluster answers the agent in namespace {namespace}',
    advice(
      'A NetworkPolicy there most likely blocks what its pods send. Have one allow egress for pods labelled app.kubernetes.io/name=slipway-agent, or choose another namespace.',
    ),
    command('kubectl --context {context} --namespace {namespace} get networkpolicies'),
    command('slipway connect {context} --agent-namespace NAMESPACE'),
  ),
  'agent-full': entry(
    'cluster',
    'The agent refuses new connections',
    advice(
      'Close connections that nothing uses. How many there may be follows from the memory limit of the agent pod; those that are open go on.',
    ),
  ),
  'agent-gone': entry('cluster', 'The agent pod is gone', advice('Slipway creates a new one by itself.')),
  'agent-image-unpullable': entry(
    'cluster',
    'The cluster cannot pull the image {image}',
    advice('Choose an image that the cluster can pull.'),
    command('slipway connect {context} --base-image IMAGE'),
  ),
  'agent-missing': entry(
    'cluster',
    'The image {image} does not contain the agent',
    advice('`npm run agent-image -- --output FILE` writes one that does; or choose a base image with a shell.'),
    command('slipway connect {context} --base-image IMAGE'),
  ),
  'agent-no-shell': entry(
    'cluster',
    'The base image {image} has no shell',
    advice('The agent is copied into a pod, whose image needs sh, cat and chmod; choose such an image.'),
    command('slipway connect {context} --base-image IMAGE'),
  ),
  'agent-node-cut-off': entry(
    'cluster',
    "The agent's node does not reach the pods of other nodes",
    advice(
      'The network between that node and the others is most likely down: its network plugin (CNI), or a firewall between nodes. Ask whoever runs the cluster; disconnecting and connecting again may bring the agent to another node.',
    ),
    command('kubectl --context {context} get nodes'),
    command('kubectl --context {context} --namespace {namespace} get pods --output wide'),
  ),
  'agent-processor': entry(
    'cluster',
    'No node has a processor that the agent runs on',
    advice('The agent is built for Linux on amd64 and arm64. Add such a node, or choose one with a node selector.'),
  ),
  'agent-refused': entry(
    'cluster',
    'The cluster refused the agent pod',
    advice(
      'Ask an administrator which policy or quota refused it, or choose another namespace. If a policy wants something of the pod, such as a label, add it in Settings under Agent, or with --agent-pod-file.',
    ),
    command('slipway connect {context} --agent-namespace NAMESPACE'),
    command('slipway connect {context} --agent-pod-file FILE'),
  ),
  'agent-unreachable': entry(
    'cluster',
    'The agent pod does not answer',
    advice('Slipway tries again by itself.'),
    command('slipway doctor'),
  ),
  'agent-unschedulable': entry(
    'cluster',
    'No node can run the agent pod',
    advice("See the scheduler's reason above; free some capacity or choose another namespace."),
  ),
  'agent-version': entry(
    'cluster',
    'The agent in the cluster is a different version',
    advice('Disconnect and connect again: Slipway then creates a new agent.'),
  ),
  'answer-too-large': entry(
    'cluster',
    'The API server sent more than Slipway accepts',
    advice(
      'Show fewer namespaces. If the cluster is small, ask whoever runs the API server, or the proxy in front of it, why it sends so much.',
    ),
  ),
  'api-busy': entry(
    'cluster',
    'The API server is too busy to answer',
    advice(
      'It was asked several times. Try again in a minute; if it stays like this, whoever runs the cluster has to look at the API server, its etcd and what stands before it.',
    ),
    command('kubectl --context {context} get --raw /readyz'),
  ),
  'api-unreachable': entry(
    'cluster',
    'The API server does not answer',
    advice('Check the network, any VPN that the cluster needs, and the server address in the kubeconfig.'),
    command('kubectl --context {context} version'),
  ),
  'cluster-dns-failing': entry(
    'cluster',
    "The cluster's DNS answers with errors",
    advice('Addresses work, names do not. Look at the pods of CoreDNS, and at their logs.'),
    command('kubectl --context {context} --namespace kube-system get pods --selector k8s-app=kube-dns'),
  ),
  'cluster-dns-silent': entry(
    'cluster',
    "The cluster's DNS does not answer the agent in namespace {namespace}",
    advice('Names do not resolve. Either a NetworkPolicy there blocks port 53, or the pods of CoreDNS are down.'),
    command('kubectl --context {context} --namespace {namespace} get networkpolicies'),
    command('kubectl --context {context} --namespace kube-system get pods --selector k8s-app=kube-dns'),
  ),
  'connection-failed': entry(
    'data-path',
    'The connection could not be made',
    advice('The program behind the address may be down, or a policy of the cluster drops the connection.'),
  ),
  'connection-refused': entry(
    'data-path',
    'The connection was refused',
    advice('Nothing is listening on that port of the pod, or the Service has no ready endpoint.'),
    command('slipway services --context {context}'),
  ),
  'connection-silent': entry(
    'data-path',
    'The connection got no answer',
    advice('A NetworkPolicy or a firewall of the cluster may drop it, or the program behind it hangs.'),
  ),
  'destination-silent': entry(
    'data-path',
    'Too many connections wait for an address that does not answer',
    advice('See which program keeps dialling it; further dials are refused at once, and no other address is affected.'),
  ),
  'direct-service-refused': entry(
    'cluster',
    'The cluster does not allow a NodePort Service in namespace {namespace}',
    advice(
      'Everything goes on through the API server. Ask an administrator which policy or quota refused the Service, or choose another direct path.',
    ),
    command('slipway settings set directPath pod --context {context}'),
  ),
  'domain-offered': entry(
    'data-path',
    "Only the cluster's nameservers know {domain}",
    advice('Let this cluster answer for it, if you trust it with these names; it counts at once.'),
    command('slipway settings add extraDomains {domain} --context {context}'),
  ),
  'endpoints-missing': entry(
    'cluster',
    'The Service has no ready endpoint',
    advice('Its pods are missing, not ready, or not matched by its selector; check them.'),
    command('slipway services --context {context} -o wide'),
  ),
  'gateway-blocks': entry(
    'cluster',
    'Something in front of the API server blocks {resource}',
    advice(
      'Your permissions and the agent are not the reason. Ask whoever runs that gateway, load balancer or proxy to let WebSocket or SPDY upgrades through, or use a kubeconfig that leads to the API server itself.',
    ),
  ),
  'mesh-refuses': entry(
    'cluster',
    'A service mesh most likely demands mutual TLS',
    advice(
      'Have the mesh accept plain connections to this port (in Istio: a PeerAuthentication with mode PERMISSIVE for the port), or go through the gateway of the mesh.',
    ),
  ),
  'name-unknown': entry(
    'data-path',
    'The cluster does not know this name',
    advice('Check the name and its namespace; the short form SERVICE works in the home namespace only.'),
    command('slipway services --context {context}'),
  ),
  'ping-unavailable': {
    ...entry(
      'cluster',
      'Ping does not answer',
      advice('The agent may not open a ping socket; the cluster forbids the sysctl net.ipv4.ping_group_range.'),
    ),
    severity: 'warning',
  },
  'pods-unreachable': entry(
    'cluster',
    'Pods do not answer the agent',
    advice("The network between the nodes, or that of the agent's node, may be down; or a NetworkPolicy blocks it."),
    command('kubectl --context {context} get nodes'),
  ),
  'port-missing': entry(
    'cluster',
    'The Service has no such port',
    advice('Use one of its ports; the list shows them.'),
    command('slipway services --context {context} -o wide'),
  ),
  'services-unreachable': entry(
    'cluster',
    'Services do not answer the agent',
    advice("kube-proxy on the agent's node may be down, or a NetworkPolicy blocks the ports."),
    command('kubectl --context {context} --namespace kube-system get pods --output wide'),
  ),
  'target-port-missing': entry(
    'cluster',
    'No pod has the port that the Service leads to',
    advice('Give the port of the container that name, or the Service a targetPort that the pods have.'),
    command('slipway pods --context {context} -o wide'),
  ),
  'tunnel-silent': entry('data-path', 'No answer through the tunnel', advice('Slipway tries again by itself.')),
} as const satisfies Record<string, Entry>;
