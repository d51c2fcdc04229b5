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
    advice('Look at its last words above; if it was out of memory, raise the limit of the namespace.'),
    command('slipway doctor'),
  ),
  'agent-gone': entry('cluster', 'The agent pod is gone', advice('Slipway makes a new one by itself.')),
  'agent-image-unpullable': entry(
    'cluster',
    'The cluster cannot pull the image {image}',
    advice('Name an image that the cluster can pull.'),
    command('slipway connect {context} --base-image IMAGE'),
  ),
  'agent-missing': entry(
    'cluster',
    'The image {image} has no agent inside',
    advice('`npm run agent-image -- --output FILE` writes one that has; or name a base image with a shell.'),
    command('slipway connect {context} --base-image IMAGE'),
  ),
  'agent-no-shell': entry(
    'cluster',
    'The base image {image} has no shell',
    advice('The agent is sent into a pod of an image with sh, cat and chmod; name such an image.'),
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
    'The agent pod finds no node',
    advice('The scheduler says why above; free some room or choose another namespace.'),
  ),
  'agent-version': entry(
    'cluster',
    'The agent in the cluster is of another version',
    advice('Disconnect and connect again: Slipway then makes a new agent.'),
  ),
  'answer-too-large': entry(
    'cluster',
    'The API server sends more than Slipway reads',
    advice(
      'Show fewer namespaces; in a small cluster, ask who runs the API server or the proxy before it what it sends.',
    ),
  ),
  'api-unreachable': entry(
    'cluster',
    'The API server does not answer',
    advice('Check the network, a VPN that the cluster needs, and the server address in the kubeconfig.'),
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
    advice('The certificate authority in the kubeconfig does not match the server; fetch the kubeconfig anew.'),
  ),
  'clock-wrong': entry(
    'host',
    'The clock of this computer is off',
    advice('Set the clock (timedatectl set-ntp true); certificates and tokens depend on it.'),
  ),
  'cluster-ipv6-only': entry(
    'cluster',
    'The cluster has only IPv6 addresses',
    advice('Slipway routes IPv4 clusters for now.'),
  ),
  'connection-failed': entry(
    'data-path',
    'The connection could not be made',
    advice('The program behind the address may be down, or a policy of the cluster drops the connection.'),
  ),
  'connection-refused': entry(
    'data-path',
    'The connection was refused',
    advice('Nothing listens on that port of the pod, or the Service has no ready endpoint.'),
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
    advice('Find out who changed it. Where that was right, confirm what it says now.'),
    command('slipway confirm {context}'),
  ),
  'context-unconfirmed': entry(
    'configuration',
    'The context {context} was not confirmed yet',
    advice('Switch it on in the window: it is shown, and asked about, before its cluster is.'),
    command('slipway confirm {context}'),
  ),
  'context-unknown': entry('usage', 'No context is called {context}', command('slipway contexts')),
  'core-busy': entry(
    'host',
    'Another connection is on',
    advice('One cluster at a time for now.'),
    command('slipway disconnect'),
  ),
  'core-unreachable': entry('internal', "Slipway's core does not answer", command('slipway disconnect --quit')),
  'core-version': entry(
    'host',
    'The running core is of another version',
    command('slipway disconnect --quit'),
    advice('It ends; the next command starts the right one.'),
  ),
  'endpoints-missing': entry(
    'cluster',
    'The Service has no ready endpoint',
    advice('Its pods are not there, not ready, or not selected by its labels; look at them.'),
    command('slipway services --context {context} -o wide'),
  ),
  'engine-ended': entry('internal', 'The engine ended unexpectedly', advice('Slipway starts it anew.')),
  'engine-missing': entry('internal', 'The engine program is missing', command('npm run build-native')),
  'engine-version': entry('host', 'The engine is of another version', command('npm run build-native')),
  'exec-failed': entry(
    'configuration',
    'The credential plugin {command} failed',
    advice('Its own message is above; run it by hand to see it whole.'),
  ),
  'exec-missing': entry(
    'configuration',
    'The credential plugin {command} is not installed',
    advice('Install it, or put its folder on the PATH of your login shell.'),
  ),
  'exec-output': entry(
    'configuration',
    'The credential plugin {command} answered something else than a credential',
    advice('It must print an ExecCredential of client.authentication.k8s.io/v1 or v1beta1.'),
  ),
  'exec-refused': entry(
    'configuration',
    'Your kuberc does not allow the credential plugin {command}',
    advice(
      'Where the program is right, allow it in that file, or ask whoever wrote it to: credentialPluginPolicy and credentialPluginAllowlist.',
    ),
  ),
  'exec-slow': entry(
    'configuration',
    'The credential plugin {command} did not end in time',
    advice('It may wait for a login: run it by hand once.'),
  ),
  'exec-unconfirmed': entry(
    'configuration',
    'The kubeconfig wants to run a program: {commandLine}',
    advice('If you know it and trust it, allow it; it is remembered until it changes.'),
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
    'This program may not ask the core for that',
    advice('Do it from the command line, or in the window of Slipway.'),
  ),
  'helper-busy': entry(
    'host',
    'Another Slipway holds the network of this computer',
    advice('Disconnect it first; one of another user, as that user.'),
    command('slipway disconnect'),
  ),
  'helper-lost': entry('host', 'The helper went away', advice('Slipway starts it anew where it may.')),
  'helper-missing': entry(
    'host',
    'The helper is not running',
    advice(
      'It needs root once, to open the TUN and to set routes and names: connect from a terminal, where sudo asks.',
    ),
    command('slipway connect'),
  ),
  'helper-program-missing': entry('host', 'The helper program is missing', command('npm run build-native')),
  'helper-refused': entry(
    'host',
    'The helper refused this program',
    advice('It serves one user and one program only.'),
  ),
  'helper-untrusted': entry(
    'host',
    'The helper is not started as root, because others than root could change it',
    advice(
      'Install the package of your system (deb, rpm), or have root put Slipway where root alone may write, such as /opt. A clone starts its own helper.',
    ),
  ),
  'helper-version': entry(
    'host',
    'The helper is of another version',
    advice('It ends by itself when nobody used it for ten minutes; or end it now, and connect again.'),
    command('sudo pkill slipway-helper'),
  ),
  internal: entry('internal', 'Something unexpected happened', command('slipway doctor')),
  'journal-unwritable': entry(
    'host',
    'The journal cannot be written',
    advice(
      'Free some space under /var/lib, and see that root alone may write there; Slipway changes nothing that it could not undo after a crash.',
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
  'lease-lost': entry('host', 'The helper took its lease back', advice('Slipway connects anew.')),
  'left-behind': entry(
    'host',
    'Something of Slipway is still there',
    advice('Disconnect again. What stays in the cluster goes away by itself within ten minutes.'),
    command('slipway disconnect'),
  ),
  'message-malformed': entry(
    'internal',
    'A message was malformed',
    advice('One of the programs may be of another version.'),
  ),
  'name-elsewhere': entry(
    'host',
    'The name is answered by something else than the cluster',
    advice(
      'Another resolver, the hosts file or a VPN of this computer answers first; use the full name or the address.',
    ),
    command('slipway doctor'),
  ),
  'name-unknown': entry(
    'data-path',
    'The name is unknown to the cluster',
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
    'No cluster range could be learnt',
    advice('Name the ranges yourself in the settings (extraRanges), or ask for the Role below.'),
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
      "Not every range of the cluster's {kind} could be learnt",
      advice('Name the missing ranges yourself in the settings (extraRanges), or ask for the Role below.'),
    ),
    severity: 'warning',
  },
  'report-unknown': entry(
    'usage',
    'The report is not there any more',
    advice('Prepare it again: only what was shown is written.'),
  ),
  'report-unwritable': entry('host', 'The report cannot be written', advice('Choose another folder.')),
  'resolver-silent': entry(
    'host',
    'The resolver {resolver} does not answer',
    advice('Check the network and a VPN; names that it alone knows do not resolve.'),
  ),
  'resolver-unset': {
    ...entry('host', 'Names could not be set', advice('Addresses work; names do not. `slipway doctor` says more.')),
    severity: 'warning',
  },
  'route-missing': entry(
    'host',
    'The address is not routed into the cluster',
    advice('It lies in no range that the cluster is known to use; add its range in the settings (extraRanges).'),
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
        'It comes back by itself when this computer leaves that network. Until then its addresses are not reached.',
      ),
    ),
    severity: 'warning',
  },
  'sandbox-failed': entry(
    'host',
    'The sandbox could not be started or ended',
    advice('Its reason is above. Starting again goes on where it stopped.'),
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
  usage: entry('usage', 'The command line is not right', command('slipway --help')),
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof catalogue;
