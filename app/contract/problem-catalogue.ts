/** The problems themselves: code → severity, title, fixes. Alphabetical by code. `exit` groups the CLI's exit codes. */

interface Entry {
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  readonly fixes: readonly { readonly kind: 'command' | 'document' | 'advice'; readonly text: string }[];
  /** Which exit code of the CLI: usage 2, configuration 3, rights 4, cluster 5, host 6, data path 7, internal 8. */
  readonly area: 'usage' | 'configuration' | 'rights' | 'cluster' | 'host' | 'data-path' | 'internal';
}

const command = (text: string) => ({ kind: 'command', text }) as const;
const advice = (text: string) => ({ kind: 'advice', text }) as const;
const entry = (area: Entry['area'], title: string, ...fixes: Entry['fixes']): Entry => ({
  severity: 'error',
  area,
  title,
  fixes,
});

export const catalogue = {
  'agent-crashed': entry(
    'cluster',
    'The agent pod crashed',
    advice('See its last output above; if it ran out of memory, raise the memory limit in the namespace.'),
    command('slipway doctor'),
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
  'agent-refused': entry(
    'cluster',
    'The cluster refused the agent pod',
    advice('Ask an administrator which policy or quota refused it, or choose another namespace.'),
    command('slipway connect {context} --agent-namespace NAMESPACE'),
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
  'api-unreachable': entry(
    'cluster',
    'The API server does not answer',
    advice('Check the network, any VPN that the cluster needs, and the server address in the kubeconfig.'),
    command('kubectl --context {context} version'),
  ),
  cancelled: {
    ...entry('usage', 'It was cancelled', advice('Nothing was left half done. You can start again at any time.')),
    severity: 'info',
  },
  'certificate-expired': entry(
    'configuration',
    'A certificate has expired',
    advice('Renew the client certificate in the kubeconfig, or check the clock of this computer.'),
  ),
  'certificate-untrusted': entry(
    'configuration',
    "The API server's certificate is not trusted",
    advice('The certificate authority in the kubeconfig does not match the server; get a new kubeconfig.'),
  ),
  'clock-wrong': entry(
    'host',
    "This computer's clock is wrong",
    advice('Set the clock (timedatectl set-ntp true); certificates and tokens depend on it.'),
  ),
  'cluster-ipv6-only': entry(
    'cluster',
    'The cluster has only IPv6 addresses',
    advice('For now, Slipway supports only clusters with IPv4.'),
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
  'context-changed': entry(
    'configuration',
    'The context {context} has changed',
    advice('Find out who changed it. If the change is right, confirm it as it is now.'),
    command('slipway confirm {context}'),
  ),
  'context-unconfirmed': entry(
    'configuration',
    'The context {context} has not been confirmed yet',
    advice('Switch it on in the window: you see what it contains and confirm it before the cluster is contacted.'),
    command('slipway confirm {context}'),
  ),
  'context-unknown': entry('usage', 'There is no context named {context}', command('slipway contexts')),
  'core-busy': entry(
    'host',
    'Another connection is on',
    advice('For now, only one cluster can be on at a time.'),
    command('slipway disconnect'),
  ),
  'core-unreachable': entry('internal', "Slipway's core does not answer", command('slipway disconnect --quit')),
  'core-version': entry(
    'host',
    'The running core is a different version',
    command('slipway disconnect --quit'),
    advice('This stops it; the next command starts the right one.'),
  ),
  'endpoints-missing': entry(
    'cluster',
    'The Service has no ready endpoint',
    advice('Its pods are missing, not ready, or not matched by its selector; check them.'),
    command('slipway services --context {context} -o wide'),
  ),
  'engine-ended': entry('internal', 'The engine ended unexpectedly', advice('Slipway starts it again.')),
  'engine-missing': entry('internal', 'The engine program is missing', command('npm run build-native')),
  'engine-version': entry('host', 'The engine is a different version', command('npm run build-native')),
  'exec-failed': entry(
    'configuration',
    'The credential plugin {command} failed',
    advice('Its own message is above; run it by hand to see all of it.'),
  ),
  'exec-missing': entry(
    'configuration',
    'The credential plugin {command} is not installed',
    advice('Install it, or put its folder on the PATH of your login shell.'),
  ),
  'exec-output': entry(
    'configuration',
    'The credential plugin {command} did not print a credential',
    advice('It must print an ExecCredential of client.authentication.k8s.io/v1 or v1beta1.'),
  ),
  'exec-refused': entry(
    'configuration',
    'Your kuberc does not allow the credential plugin {command}',
    advice(
      'If you trust the program, allow it in that file with credentialPluginPolicy and credentialPluginAllowlist, or ask whoever maintains the file.',
    ),
  ),
  'exec-slow': entry(
    'configuration',
    'The credential plugin {command} did not finish in time',
    advice('It may be waiting for a login: run it by hand once.'),
  ),
  'exec-unconfirmed': entry(
    'configuration',
    'The kubeconfig wants to run a program: {commandLine}',
    advice('If you know and trust it, allow it. This is remembered until it changes.'),
    command('slipway confirm {context}'),
    command('slipway connect {context} --trust-exec'),
  ),
  forbidden: entry(
    'rights',
    'Your account may not {verb} {resource}',
    advice('Ask an administrator for the Role below.'),
  ),
  'frontend-refused': entry(
    'rights',
    'This program is not allowed to ask the core for that',
    advice('Do it from the command line, or in the window of Slipway.'),
  ),
  'helper-busy': entry(
    'host',
    "Another Slipway is using this computer's network",
    advice('Disconnect it first. If it belongs to another user, that user has to do it.'),
    command('slipway disconnect'),
  ),
  'helper-lost': entry('host', 'The helper stopped', advice('Slipway starts it again if it is allowed to.')),
  'helper-missing': entry(
    'host',
    'The helper is not running',
    advice(
      'It needs root once, to open the TUN device and to set routes and names: connect from a terminal, where sudo asks for your password.',
    ),
    command('slipway connect'),
  ),
  'helper-program-missing': entry('host', 'The helper program is missing', command('npm run build-native')),
  'helper-refused': entry(
    'host',
    'The helper refused this program',
    advice('It serves only one user and one program.'),
  ),
  'helper-untrusted': entry(
    'host',
    'The helper was not started as root, because users other than root could change it',
    advice(
      'Install the package for your system (deb, rpm), or have root put Slipway where only root can write, such as /opt. A clone starts its own helper.',
    ),
  ),
  'helper-version': entry(
    'host',
    'The helper is a different version',
    advice('It stops by itself after ten minutes without use; or stop it now and connect again.'),
    command('sudo pkill slipway-helper'),
  ),
  internal: entry('internal', 'Something unexpected happened', command('slipway doctor')),
  'journal-unwritable': entry(
    'host',
    'The journal cannot be written',
    advice(
      'Free some space under /var/lib and make sure that only root can write there. Slipway changes nothing that it could not undo after a crash.',
    ),
  ),
  'kubeconfig-missing': entry(
    'configuration',
    'No kubeconfig was found',
    advice('Put one at ~/.kube/config, set KUBECONFIG, or try the sandbox.'),
    command('slipway sandbox up'),
  ),
  'kubeconfig-unreadable': entry(
    'configuration',
    'The kubeconfig {file} cannot be read',
    advice('Its error is above.'),
  ),
  'lease-lost': entry('host', 'The helper withdrew its lease', advice('Slipway connects again by itself.')),
  'left-behind': entry(
    'host',
    'Something of Slipway was left behind',
    advice('Disconnect again. What remains in the cluster disappears by itself within ten minutes.'),
    command('slipway disconnect'),
  ),
  'message-malformed': entry(
    'internal',
    'A message was malformed',
    advice('One of the programs may be a different version.'),
  ),
  'name-elsewhere': entry(
    'host',
    'Something other than the cluster answers this name',
    advice(
      'Another resolver, the hosts file or a VPN of this computer answers first; use the full name or the address.',
    ),
    command('slipway doctor'),
  ),
  'name-unknown': entry(
    'data-path',
    'The cluster does not know this name',
    advice('Check the name and its namespace; the short form SERVICE works in the home namespace only.'),
    command('slipway services --context {context}'),
  ),
  'names-forbidden': entry('host', 'Some names were left out', advice('Use the long form NAME.NAMESPACE.svc.')),
  'namespace-missing': entry(
    'usage',
    'There is no namespace {namespace}',
    command('slipway namespaces --context {context}'),
  ),
  'no-ranges': entry(
    'rights',
    'No address range of the cluster could be found',
    advice('Add the ranges yourself in the settings (extraRanges), or ask for the Role below.'),
  ),
  'not-connected': entry('usage', 'The cluster is not switched on', command('slipway connect {context}')),
  'ping-unavailable': {
    ...entry(
      'cluster',
      'Ping does not answer',
      advice('The agent may not open a ping socket; the cluster forbids the sysctl net.ipv4.ping_group_range.'),
    ),
    severity: 'warning',
  },
  'ranges-incomplete': {
    ...entry(
      'rights',
      "Not all address ranges of the cluster's {kind} could be found",
      advice('Add the missing ranges yourself in the settings (extraRanges), or ask for the Role below.'),
    ),
    severity: 'warning',
  },
  'report-unknown': entry(
    'usage',
    'The report no longer exists',
    advice('Prepare it again: only what was shown is written.'),
  ),
  'report-unwritable': entry('host', 'The report cannot be written', advice('Choose another folder.')),
  'resolver-silent': entry(
    'host',
    'The resolver {resolver} does not answer',
    advice('Check the network and any VPN. Names that only this resolver knows do not resolve meanwhile.'),
  ),
  'resolver-unset': {
    ...entry('host', 'Names could not be set up', advice('Addresses work; names do not. `slipway doctor` says more.')),
    severity: 'warning',
  },
  'route-missing': entry(
    'host',
    'The address is not routed into the cluster',
    advice(
      'It is in none of the ranges that the cluster is known to use; add its range in the settings (extraRanges).',
    ),
    command('slipway status -o wide'),
  ),
  'route-refused': entry(
    'host',
    'The range {prefix} collides with {conflict} on {interface}',
    advice('Leave that network, or exclude the range in the settings.'),
  ),
  'route-withdrawn': {
    ...entry(
      'host',
      'The range {prefix} is left out while this computer needs {conflict}',
      advice(
        'It comes back by itself when this computer leaves that network. Until then its addresses cannot be reached.',
      ),
    ),
    severity: 'warning',
  },
  'sandbox-failed': entry(
    'host',
    'The sandbox could not be started or stopped',
    advice('Its reason is above. Starting it again continues where it stopped.'),
    command('./slipway sandbox up'),
  ),
  'sandbox-unsupported': entry('host', 'This computer cannot run the sandbox', advice('Its reason is above.')),
  'service-endpoints-unknown': {
    ...entry('rights', 'Service addresses do not answer ping', advice('Ask for the Role below.')),
    severity: 'warning',
  },
  'tun-unavailable': entry('host', 'No TUN device can be opened', command('sudo modprobe tun')),
  'tunnel-silent': entry('data-path', 'No answer through the tunnel', advice('Slipway tries again by itself.')),
  unauthorized: entry(
    'rights',
    'The API server does not accept these credentials',
    advice('Log in again with your cluster’s tool.'),
  ),
  usage: entry('usage', 'The command line is not valid', command('slipway --help')),
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof catalogue;
