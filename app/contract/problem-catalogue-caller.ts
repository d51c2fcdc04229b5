/** Problems of what was asked, with which configuration and rights (areas usage, configuration and rights). Alphabetical by code. */
import { advice, command, type Entry, entry } from './problem-entry.ts';

export const callerProblems = {
  'answers-for-refused': entry(
    'usage',
    'The cluster cannot be given the domain {domain}',
    advice(
      "It can be given its own domain only, and no public suffix. `slipway status -o wide` shows the cluster's domain.",
    ),
  ),
  'bench-broken': entry(
    'data-path',
    'Measuring did not come to its end',
    advice('The connection may have had other trouble at that moment: look at its state, and measure again.'),
    command('slipway status'),
  ),
  'bench-busy': entry(
    'data-path',
    'This connection is being measured already',
    advice('Two at once would measure each other: wait until the other is over, or cancel it, and measure again.'),
  ),
  'bench-unfit': entry(
    'usage',
    'This connection cannot be measured',
    advice('Connect without `--proxy` and with names switched on, then measure again.'),
  ),
  'caller-changed': entry(
    'configuration',
    'The connection to {context} was made in another environment',
    advice(
      'It keeps acting as whoever switched it on. To connect as this command would, disconnect first, or run the command where these variables have the same values.',
    ),
    command('slipway disconnect'),
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
  'certificate-name': entry(
    'configuration',
    "The API server's certificate is for another name",
    advice(
      'The server’s name in the kubeconfig is not one of its certificate, or another server answers there. If it is the right server, set `tls-server-name` of the cluster in the kubeconfig to a name of the certificate.',
    ),
  ),
  'certificate-untrusted': entry(
    'configuration',
    "The API server's certificate is not trusted",
    advice('The certificate authority in the kubeconfig does not match the server; get a new kubeconfig.'),
  ),
  'connection-differs': entry(
    'usage',
    '{context} is on with other options',
    advice(
      'The present connection stays as it is. To change it, disconnect first; whatever is open through it ends then.',
    ),
    command('slipway disconnect'),
    command('slipway connect {context} {options}'),
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
  'credentials-unusable': entry(
    'configuration',
    'The credentials of the user {user} cannot be used',
    advice("Correct them in {file}, or write them anew with your cluster's own tool."),
  ),
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
  'exec-waiting': {
    ...entry(
      'configuration',
      'A credential plugin is waiting for you to log in',
      advice('Do what it says above; Slipway goes on by itself.'),
    ),
    severity: 'warning',
  },
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
  'kubeconfig-missing': entry(
    'configuration',
    'No kubeconfig was found',
    advice('Put one at ~/.kube/config, set KUBECONFIG, or try the sandbox.'),
    command('slipway sandbox up'),
  ),
  'kubeconfig-odd': {
    ...entry(
      'configuration',
      'The kubeconfig {file} is odd in one place',
      advice('It is read as kubectl reads it; correct it if that is not what you meant.'),
    ),
    severity: 'warning',
  },
  'kubeconfig-unreadable': entry(
    'configuration',
    'The kubeconfig {file} cannot be read',
    advice('Its error is above.'),
  ),
  'namespace-missing': entry(
    'usage',
    'There is no namespace {namespace}',
    command('slipway namespaces --context {context}'),
  ),
  'no-ranges': entry(
    'rights',
    'No address range of the cluster could be found',
    advice('Add the ranges yourself, or ask for the Role below.'),
    command('slipway settings add extraRanges RANGE'),
  ),
  'not-connected': entry('usage', 'The cluster is not switched on', command('slipway connect {context}')),
  'ranges-guessed': {
    ...entry(
      'rights',
      'Some address ranges are guesses from what was seen',
      advice('If something is missing, ask the administrator for the ranges and name them.'),
      command('slipway settings add extraRanges RANGE'),
    ),
    severity: 'info',
  },
  'ranges-incomplete': {
    ...entry(
      'rights',
      "Not all address ranges of the cluster's {kind} could be found",
      advice('Add the missing ranges yourself, or ask for the Role below.'),
      command('slipway settings add extraRanges RANGE'),
    ),
    severity: 'warning',
  },
  'report-unknown': entry(
    'usage',
    'The report no longer exists',
    advice('Prepare it again: only what was shown is written.'),
  ),
  'service-endpoints-unknown': {
    ...entry('rights', 'Service addresses do not answer ping', advice('Ask for the Role below.')),
    severity: 'warning',
  },
  'services-outside': {
    ...entry(
      'cluster',
      'Some Services are outside the routed ranges',
      advice('Add the range that they are in: it counts at once.'),
      command('slipway settings add extraRanges RANGE'),
    ),
    severity: 'warning',
  },
  'setting-invalid': entry('usage', 'That cannot be set', command('slipway settings list')),
  unauthorized: entry(
    'rights',
    'The API server does not accept these credentials',
    advice('Log in again with your cluster’s tool.'),
  ),
  usage: entry('usage', 'The command line is not valid', command('slipway --help')),
} as const satisfies Record<string, Entry>;
