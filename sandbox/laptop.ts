import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import { laptopPackages, libraryFolder, type PackageSet, resolvedPackages, toolScript } from './debian-packages.ts';
import type { LaptopFlavour } from './options.ts';
import type { SpaceDefinition, SpaceProgram, Step } from './space.ts';

/** Folders that a laptop shows under /run/laptop, where every user may read them. */
export interface LaptopPaths {
  logs: string;
  programs: string;
  packages: string;
  /** Only for the flavour `resolved`. */
  resolvedPackages?: string | undefined;
  /** Where the machine's C library loads its modules from; undefined where it is one that has none. */
  machineLibraries?: string | undefined;
}

const ownFolder = '/run/laptop';
const toolFolder = `${ownFolder}/bin`;
/** glibc's module for systemd-resolved, alone. */
const moduleFolder = `${ownFolder}/${resolvedPackages.name}/name-service`;
const busAddress = 'unix:path=/run/dbus/system_bus_socket';

/** The folder of the machine's own GNU C library: Debian's, Fedora's or Arch's place for it. */
export function machineLibraries(): string | undefined {
  return [`/usr/lib/${libraryFolder}`, '/usr/lib64', '/usr/lib'].find((folder) =>
    existsSync(path.join(folder, 'libc.so.6')),
  );
}

/**
 * The laptop's namespaces and file tree: /etc, /var/lib and /run are its own, the rest is the
 * machine's. It has the machine's processes, so that what is started in it can be watched from outside.
 */
export function laptopDefinition(
  flavour: LaptopFlavour,
  cgroup: string,
  plan: AddressPlan,
  paths: LaptopPaths,
): SpaceDefinition {
  const isResolved = flavour === 'resolved' && paths.resolvedPackages !== undefined;
  return {
    processNamespace: false,
    cgroup,
    steps: [
      ...ownSysfs(),
      ...overlay('/etc'),
      ...overlay('/var/lib'),
      { mount: { type: 'tmpfs', source: 'tmpfs', target: '/var/lib/slipway', options: 'mode=755' } },
      { folder: { path: '/run/user/0', mode: 0o700 } },
      { file: { path: '/etc/hostname', text: 'laptop\n' } },
      { file: { path: '/etc/hosts', text: '127.0.0.1\tlocalhost laptop\n::1\tlocalhost\n' } },
      { file: { path: '/etc/nsswitch.conf', text: nameServices(isResolved) } },
      { mount: { type: 'bind', source: paths.programs, target: `${ownFolder}/programs` } },
      ...tunForEverybody(),
      ...tools(laptopPackages, paths.packages),
      ...(isResolved
        ? resolvedSteps(paths.resolvedPackages ?? '', paths.machineLibraries)
        : [{ file: { path: '/etc/resolv.conf', text: `nameserver ${plan.resolver}\n` } }]),
      { link: { path: `${toolFolder}/probe`, target: '../programs/probe' } },
    ],
  };
}

/** /sys of the laptop's own network, with the machine's cgroups in it. */
function ownSysfs(): Step[] {
  return [
    { mount: { type: 'bind', source: '/sys/fs/cgroup', target: `${ownFolder}/cgroup` } },
    { mount: { type: 'sysfs', source: 'sysfs', target: '/sys' } },
    { mount: { type: 'move', source: `${ownFolder}/cgroup`, target: '/sys/fs/cgroup' } },
  ];
}

/** As udev makes it on every desktop (50-udev-default.rules); containers, as this machine may be one, keep it for root. */
function tunForEverybody(): Step[] {
  const path = `${ownFolder}/tun`;
  return [
    { device: { path, major: 10, minor: 200, mode: 0o666 } },
    { mount: { type: 'bind', source: path, target: '/dev/net/tun' } },
  ];
}

/** The machine's folder with a layer of the laptop's own over it, in memory. */
function overlay(folder: string): Step[] {
  const layer = `${ownFolder}/layers${folder}`;
  return [
    { folder: { path: `${layer}/upper` } },
    { folder: { path: `${layer}/work` } },
    {
      mount: {
        type: 'overlay',
        source: 'overlay',
        target: folder,
        options: `lowerdir=${folder},upperdir=${layer}/upper,workdir=${layer}/work`,
      },
    },
  ];
}

function nameServices(isResolved: boolean): string {
  const hosts = isResolved ? 'files resolve [!UNAVAIL=return] dns' : 'files dns';
  return [
    'passwd: files',
    'group: files',
    'shadow: files',
    `hosts: ${hosts}`,
    'networks: files',
    'protocols: files',
    'services: files',
    '',
  ].join('\n');
}

function tools(set: PackageSet, packages: string): Step[] {
  const shown = `${ownFolder}/${set.name}`;
  return [
    { mount: { type: 'bind', source: packages, target: shown } },
    ...Object.entries(set.tools).map(([tool, file]) => ({
      file: { path: `${toolFolder}/${tool}`, text: toolScript(shown, file, [moduleFolder]), mode: 0o755 },
    })),
  ];
}

function resolvedSteps(packages: string, machineLibraries: string | undefined): Step[] {
  const root = `${ownFolder}/${resolvedPackages.name}/root`;
  return [
    ...tools(resolvedPackages, packages),
    // The machine's own programs look for the module `resolve` in the machine's library folder only.
    ...(machineLibraries === undefined
      ? []
      : [
          {
            mount: {
              type: 'overlay',
              source: 'overlay',
              target: machineLibraries,
              options: `lowerdir=${moduleFolder}:${machineLibraries}`,
            },
          },
        ]),
    { file: { path: '/etc/passwd', text: 'systemd-resolve:x:990:990::/:/usr/sbin/nologin\n', append: true } },
    { file: { path: '/etc/group', text: 'systemd-resolve:x:990:\n', append: true } },
    { link: { path: '/etc/resolv.conf', target: '../run/systemd/resolve/stub-resolv.conf' } },
    {
      file: {
        path: '/etc/systemd/resolved.conf',
        text: '[Resolve]\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nFallbackDNS=\n',
      },
    },
    { folder: { path: '/run/dbus' } },
    { folder: { path: '/run/systemd' } },
    { file: { path: `${ownFolder}/dbus.conf`, text: busConfiguration(root) } },
  ];
}

function busConfiguration(root: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${busAddress}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <includedir>${root}/usr/share/dbus-1/system.d</includedir>
</busconfig>
`;
}

/** The message bus, and the resolver on it. `space` is the name of the laptop's space. */
export function resolvedPrograms(
  space: string,
  paths: LaptopPaths,
): { readonly bus: SpaceProgram; readonly resolver: SpaceProgram } {
  const program = (name: string, argumentList: readonly string[]): SpaceProgram => ({
    name,
    arguments: argumentList,
    environment: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', `DBUS_SYSTEM_BUS_ADDRESS=${busAddress}`],
    log: path.join(paths.logs, `${space}-${name}.log`),
  });
  const configuration = `--config-file=${ownFolder}/dbus.conf`;
  const dbus = [`${toolFolder}/dbus-daemon`, configuration, '--nofork', '--nopidfile', '--nosyslog'];
  return {
    bus: program('dbus-daemon', dbus),
    resolver: program('systemd-resolved', [`${toolFolder}/systemd-resolved`]),
  };
}

/** Succeeds once the message bus answers. */
export const busCommand = [`${toolFolder}/busctl`, 'list'];

/** What the network's own DHCP client would tell systemd-resolved about the LAN. */
export function resolvedLinkCommands(plan: AddressPlan): string[][] {
  return [
    [`${toolFolder}/resolvectl`, 'dns', 'eth0', plan.resolver],
    [`${toolFolder}/resolvectl`, 'domain', 'eth0', '~.'],
    [`${toolFolder}/resolvectl`, 'default-route', 'eth0', 'true'],
  ];
}

/**
 * A shell for a person on the laptop: its prompt says where one is, as far as that shell lets itself be told, and
 * `slipway` is that of this clone. `shell` is the path of the person's own.
 */
export function laptopShell(
  shell: string,
  environment: NodeJS.ProcessEnv,
): { command: string[]; environment: NodeJS.ProcessEnv } {
  const isBash = path.basename(shell) === 'bash';
  return {
    command: isBash ? [shell, '--rcfile', path.join(import.meta.dirname, 'laptop.bashrc'), '-i'] : [shell],
    environment: { ...withLauncher(environment), ...(isBash ? {} : { PS1: '(sandbox laptop) $ ' }) },
  };
}

/** The environment with this clone's `slipway` in PATH, and at its end the Node that this runs on: sudo may have hidden it. */
export function withLauncher(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clone = path.resolve(import.meta.dirname, '..');
  const node = path.dirname(process.execPath);
  return { ...environment, PATH: [clone, ...(environment.PATH ?? '').split(':'), node].join(':') };
}

/** Environment of programs on the laptop: its tools first, its own runtime folder, the sandbox's kubeconfig. */
export function laptopEnvironment(kubeconfig: string): NodeJS.ProcessEnv {
  // Its root is nobody's deputy, also where sudo started the sandbox: the helper would serve only who asked sudo.
  const { SUDO_UID: sudo, PKEXEC_UID: pkexec, ...outside } = process.env;
  const person = sudo ?? pkexec;
  return {
    ...outside,
    PATH: `${toolFolder}:${process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
    KUBECONFIG: kubeconfig,
    XDG_RUNTIME_DIR: '/run/user/0',
    SLIPWAY_IN_SANDBOX: '1',
    // Its window is for the person's own browser all the same.
    ...(person === undefined ? {} : { SLIPWAY_DESKTOP_USER: person }),
    SLIPWAY_CONFIG_DIR: `${ownFolder}/slipway-config`,
    SLIPWAY_STATE_DIR: `${ownFolder}/slipway-state`,
  };
}
