/** Problems of this computer and of Slipway itself (areas host and internal). Alphabetical by code. */
import { advice, command, type Entry, entry } from './problem-entry.ts';

export const hostProblems = {
  'address-mapped': entry(
    'host',
    'Programs on this computer reach this address by another one',
    advice('Use its name, or {address}: the range has other addresses here.'),
    command('slipway status'),
  ),
  'clock-wrong': entry(
    'host',
    "This computer's clock is wrong",
    advice('Set the clock (timedatectl set-ntp true); certificates and tokens depend on it.'),
  ),
  'computer-exhausted': entry(
    'host',
    'This computer has run out of what connections need',
    advice('End programs that hold many files, connections or much memory, or raise the limit that is used up.'),
    command('ss --summary'),
  ),
  'container-names': {
    ...entry(
      'host',
      "Containers have none of the cluster's names",
      advice(
        "Tell Docker or Podman to use Slipway's nameserver for the container, or put it in a network that you make (docker network create): the resolver there asks as this computer does.",
      ),
      command('docker run --dns {resolver} IMAGE'),
    ),
    severity: 'warning',
  },
  'core-busy': entry(
    'host',
    'Too many clusters are on',
    advice('Turn one of them off first.'),
    command('slipway disconnect {context}'),
  ),
  'core-unreachable': entry('internal', "Slipway's core does not answer", command('slipway disconnect --quit')),
  'core-version': entry(
    'host',
    'The running core is a different version',
    command('slipway disconnect --quit'),
    advice('This stops it; the next command starts the right one.'),
  ),
  'engine-ended': entry('internal', 'The engine ended unexpectedly', advice('Slipway starts it again.')),
  'engine-missing': entry('internal', 'The engine program is missing', command('npm run build-native')),
  'engine-version': entry('host', 'The engine is a different version', command('npm run build-native')),
  'file-unwritable': entry(
    'host',
    'A file of Slipway could not be written',
    advice('Free some space on its disk, and make sure that the folder is yours and that you may write there.'),
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
    advice('Where nobody may become root, programs can come through a proxy instead:'),
    command('slipway connect --proxy'),
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
  'hosts-left-out': {
    ...entry(
      'host',
      'Some addresses of the cluster are not routed beside another network',
      advice('Leave the network that has the range, or exclude ranges that you do not need.'),
      command('slipway status -o wide'),
    ),
    severity: 'warning',
  },
  'interface-down': entry(
    'host',
    'The network interface {interface} of the tunnel does not stay up',
    advice(
      'Another program takes it down, or its address away. A network manager may have to be told to leave it alone.',
    ),
    command('ip address show {interface}'),
  ),
  'interface-lost': entry(
    'host',
    'The network interface of the tunnel was removed',
    advice('Slipway connects again by itself. If it happens again, find out which program removes it.'),
  ),
  internal: entry('internal', 'Something unexpected happened', command('slipway doctor')),
  'journal-unwritable': entry(
    'host',
    'The journal cannot be written',
    advice(
      'Free some space under /var/lib and make sure that only root can write there. Slipway changes nothing that it could not undo after a crash.',
    ),
  ),
  'lease-lost': entry('host', 'The helper withdrew its lease', advice('Slipway connects again by itself.')),
  'left-behind': entry(
    'host',
    'Something of Slipway was left behind',
    advice('Disconnect again. What remains in the cluster disappears by itself within ten minutes.'),
    command('slipway disconnect'),
  ),
  'mapping-refused': entry(
    'internal',
    'A range of the cluster could not be given other addresses',
    advice('Leave the range out, or let it be routed as it is.'),
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
  'names-contested': entry(
    'host',
    'Another program keeps rewriting /etc/resolv.conf',
    advice(
      'Find out which program writes it (a comment in the file often says) and have it leave the file alone. Until then addresses work and names do not; Slipway tries again by itself after a while.',
    ),
    command('cat /etc/resolv.conf'),
  ),
  'names-forbidden': entry('host', 'Some names were left out', advice('Use the long form NAME.NAMESPACE.svc.')),
  'packets-dropped': entry(
    'host',
    'A firewall of this computer drops packets to the cluster',
    advice('Allow what goes out and comes in through {interface} in its settings; its rules can be listed as below.'),
    command('sudo nft list ruleset'),
  ),
  'pods-excluded': {
    ...entry(
      'host',
      'Pods in {prefix} are not reached: you excluded this range',
      advice('Take it out of the excluded ranges in the settings: it counts at once.'),
      command('slipway settings remove excludedRanges {prefix}'),
    ),
    severity: 'info',
  },
  'proxy-failed': entry(
    'host',
    'The proxy {proxy} does not let the connection through',
    advice(
      'It stands in the kubeconfig as `proxy-url`, or in HTTPS_PROXY. Check its address and password, and that it is running; NO_PROXY names what needs no proxy.',
    ),
  ),
  'ranges-kept': {
    ...entry(
      'host',
      'What you set for ranges is not in force: those of before stay',
      advice('Take it back or set something else; everything that is on goes on meanwhile.'),
      command('slipway status -o wide'),
    ),
    severity: 'warning',
  },
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
  'route-contested': entry(
    'host',
    'Another program keeps removing the route to {prefix}',
    advice(
      'Find out which program removes it (VPN clients and network managers do) and have it leave the routes of the tunnel alone; the command below shows each removal. Slipway has stopped putting the route back for a while and then tries again by itself.',
    ),
    command('ip monitor route'),
  ),
  'route-missing': entry(
    'host',
    'The address is not routed into the cluster',
    advice('It is in none of the ranges that the cluster is known to use: look which they are, and add its range.'),
    command('slipway status -o wide'),
    command('slipway settings add extraRanges RANGE'),
  ),
  'route-refused': entry(
    'host',
    'The range {prefix} collides with {conflict} on {interface}',
    advice('It can be reached when this computer leaves that network. Exclude the range to hear no more of it.'),
    command('slipway settings add excludedRanges {prefix}'),
  ),
  'route-taken': entry(
    'host',
    'Packets to {prefix} do not enter the tunnel',
    advice(
      'Another program of this computer, such as a VPN, sends them elsewhere. End it, or have it leave this range alone; then the connection recovers by itself.',
    ),
    command('ip rule'),
    command('ip route show table all'),
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
  'services-cut': {
    ...entry(
      'host',
      'Some Services have an address that this computer needs for itself',
      advice('They can be reached when this computer leaves that network; until then use `kubectl port-forward`.'),
      command('slipway status -o wide'),
    ),
    severity: 'warning',
  },
  'services-excluded': {
    ...entry(
      'host',
      'Services in {prefix} are not reached: you excluded this range',
      advice('Take it out of the excluded ranges in the settings: it counts at once.'),
      command('slipway settings remove excludedRanges {prefix}'),
    ),
    severity: 'warning',
  },
  'shell-refused': entry(
    'host',
    'This computer lets no user make a network of their own',
    advice('An administrator can allow it (docs/cli.md, section shell); or connect with the helper.'),
    command('sysctl user.max_user_namespaces'),
  ),
  'tun-unavailable': entry('host', 'No TUN device can be opened', command('sudo modprobe tun')),
} as const satisfies Record<string, Entry>;
