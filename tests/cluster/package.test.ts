/**
 * The Debian package on a computer that systemd runs: installed by dpkg, used by somebody without rights, removed while it is
 * in use. The computer takes a laptop's place in the sandbox's LAN.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Computer } from './machine/computer.ts';
import { whyNoComputer } from './machine/root-file-system.ts';
import { eventually, must, type Place, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const root = process.cwd();
const [jane, janesId] = ['jane', 1000];
const helperUnit = `slipway-helper@${janesId}.service`;
const connect = [
  'slipway',
  'connect',
  'sandbox',
  '--namespace',
  workload.http.namespace,
  '--base-image',
  workload.baseImage,
];

/** An administrator's answer to the prompt, in place of a person at a screen. */
const administratorAgrees = `polkit.addRule(function (action, subject) {
  if (action.id === 'org.freedesktop.systemd1.manage-units' && subject.user === '${jane}') {
    return polkit.Result.YES;
  }
});
`;

/** Files of the computer that a package may leave changed: what dpkg and the desktop keep about all packages, and logs. */
const shared =
  /^\/(proc|sys|dev|run|tmp|home)(\/|$)|^\/var\/(lib\/dpkg|log|cache|lib\/systemd|lib\/polkit-1|tmp)(\/|$)|\/(mimeinfo|icon-theme)\.cache$|^\/etc\/(ld\.so\.cache|polkit-1\/rules\.d)/;

describe.skipIf(whyNoComputer() !== '')('the Debian package', () => {
  let scene: Scene;
  let computer: Computer;
  let user: Place;
  let before: { files: string[]; resolver: string; routes: string };

  const as = (place: Place, ...command: string[]) => must(place, command, { deadline: 60_000 });
  const files = async () =>
    (await as(computer.root, 'find', '/', '-xdev')).split('\n').filter((path) => path !== '' && !shared.test(path));
  const network = async () => ({
    resolver: await as(computer.root, 'cat', '/etc/resolv.conf'),
    routes: await as(computer.root, 'ip', 'route', 'show', 'table', 'all'),
  });
  const answers = async (place: Place) =>
    (await run(place, ['curl', '-sS', '-m', '3', 'http://orders.webshop/'])).code === 0;
  const isActive = async () => (await run(computer.root, ['systemctl', 'is-active', helperUnit])).stdout.trim();

  beforeAll(async () => {
    execFileSync(process.execPath, [join(root, 'scripts/package.mjs'), '--test'], { stdio: 'ignore' });
    scene = await setScene('plain', 'package');
    computer = await Computer.boot(scene.laptop.holder, await must(scene.laptop, ['cat', '/etc/resolv.conf']));
    user = await computer.user(jane, janesId);
    await as(user, 'mkdir', '.kube');
    await computer.give(scene.sandbox.kubeconfig, `/home/${jane}/.kube/config`);
    await as(computer.root, 'chown', jane, `/home/${jane}/.kube/config`);
    before = { files: await files(), ...(await network()) };
    const package_ = readdirSync(join(root, 'dist-e9')).find((name) => name.endsWith('.deb')) ?? '';
    await computer.give(join(root, 'dist-e9', package_), '/tmp/slipway.deb');
    await must(computer.root, ['dpkg', '--install', '/tmp/slipway.deb'], { deadline: 120_000 });
  });
  afterAll(async () => {
    await computer?.end();
    expect(await scene.unchanged()).toEqual([]);
    await closeScene(scene);
  });

  it('puts in place what systemd, polkit, shells and desktops look for', async () => {
    const verified = await run(computer.root, ['systemd-analyze', 'verify', helperUnit]);
    expect(verified.stdout + verified.stderr).toBe('');
    expect(verified.code).toBe(0);
    await as(computer.root, 'desktop-file-validate', '/usr/share/applications/slipway-desktop.desktop');
    const metadata = '/usr/share/metainfo/io.slipway.Slipway.metainfo.xml';
    await as(computer.root, 'appstreamcli', 'validate', '--no-net', metadata);
    expect(await as(computer.root, 'pkaction', '--action-id', 'io.slipway.Slipway.helper', '--verbose')).toMatch(
      /implicit any: +auth_admin\n +implicit inactive: +auth_admin\n +implicit active: +auth_admin/,
    );
    const completed = await as(
      user,
      'bash',
      '-c',
      '. /usr/share/bash-completion/bash_completion; _completion_loader slipway; complete -p slipway',
    );
    expect(completed).toContain('slipway');
    for (const size of [16, 32, 48, 64, 128, 256, 512]) {
      await as(computer.root, 'test', '-s', `/usr/share/icons/hicolor/${size}x${size}/apps/slipway-desktop.png`);
    }
    expect(await as(computer.root, 'find', '/opt/Slipway', '-perm', '/6022', '!', '-type', 'l')).toBe('');
    expect(await as(computer.root, 'find', '/opt/Slipway', '!', '-user', 'root')).toBe('');
  });

  it('starts nothing of its own when it is installed', async () => {
    expect(await isActive()).toBe('inactive');
    expect((await run(computer.root, ['pgrep', '-f', '/opt/Slipway'])).stdout).toBe('');
  });

  it('has a command that lists the contexts of whoever calls it', async () => {
    const listed = JSON.parse(await as(user, 'slipway', 'contexts', '-o', 'json'));
    expect(JSON.stringify(listed)).toContain('"sandbox"');
  });

  it('starts no helper while no administrator agreed, and changes nothing', async () => {
    const refused = await run(user, connect, { deadline: 60_000 });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/helper-missing/);
    expect(await isActive()).toBe('inactive');
    expect(await network()).toEqual({ resolver: before.resolver, routes: before.routes });
  });

  it('connects by the unit of its user once one agreed, and every user reaches the cluster', async () => {
    const rule = join('/etc/polkit-1/rules.d', '50-administrator.rules');
    await must(computer.root, ['sh', '-c', `cat > ${rule}`], { input: administratorAgrees });
    expect(await eventually(async () => (await run(user, ['systemctl', 'start', helperUnit])).code === 0, 10_000)).toBe(
      true,
    );
    const connected = await run(user, connect, { deadline: 90_000 });
    expect(connected.code, connected.stderr).toBe(0);
    expect(await isActive()).toBe('active');
    expect(await answers(user)).toBe(true);
    expect(await answers(computer.root)).toBe(true);
    expect((await run(user, ['slipway', 'doctor'], { deadline: 60_000 })).code).toBe(0);
    const owners = await as(computer.root, 'ps', '-eo', 'user:20,args');
    expect(owners).toMatch(new RegExp(`^${jane} .*slipway-engine`, 'm'));
    expect(owners).toMatch(new RegExp(`^root .*slipway-helper serve --user ${janesId}`, 'm'));
  });

  it('leaves the helper few rights', async () => {
    const id = (await as(computer.root, 'systemctl', 'show', '--value', '--property=MainPID', helperUnit)).trim();
    const status = await as(computer.root, 'cat', `/proc/${id}/status`);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    const rights = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? 'ffff'}`);
    expect(rights.toString(2).replaceAll('0', '').length).toBeLessThanOrEqual(6);
  });

  it('disconnects and leaves the computer as it was', async () => {
    expect((await run(user, ['slipway', 'disconnect', '--quit'], { deadline: 60_000 })).code).toBe(0);
    expect(await network()).toEqual({ resolver: before.resolver, routes: before.routes });
    expect(await scene.left()).toEqual([]);
  });

  it('has an app whose window opens over the connection, and whose end restores the computer', async () => {
    expect((await run(user, connect, { deadline: 90_000 })).code).toBe(0);
    const display = ':7';
    const screen = run(user, ['Xvfb', display, '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      deadline: 100_000,
    });
    const desktop: Place = { ...user, environment: { ...user.environment, DISPLAY: display } };
    expect(await eventually(async () => (await run(desktop, ['xwininfo', '-root'])).code === 0, 10_000)).toBe(true);
    // The old Electron's own sandbox knows no system calls of today's C library, and ends its processes for them.
    const app = run(desktop, ['slipway-desktop', '--no-sandbox', '--disable-gpu'], { deadline: 90_000 });
    const shown = async () =>
      (await run(desktop, ['xdotool', 'search', '--onlyvisible', '--name', '^Slipway'])).code === 0;
    const isShown = await eventually(shown, 30_000);
    const isCarrying = await answers(user);
    await run(user, ['pkill', '-TERM', '-o', '-f', 'slipway-desktop']);
    const ended = await app;
    expect(isShown, `${ended.stdout}\n${ended.stderr}`).toBe(true);
    expect(isCarrying).toBe(true);
    expect(await network()).toEqual({ resolver: before.resolver, routes: before.routes });
    expect((await run(user, ['pgrep', '-f', '/opt/Slipway/(slipway-desktop|resources/node)'])).stdout).toBe('');
    await run(user, ['pkill', 'Xvfb']);
    await screen;
  });

  it('is removed while it is in use, with nothing left', async () => {
    expect((await run(user, connect, { deadline: 90_000 })).code).toBe(0);
    expect(await answers(user)).toBe(true);
    await must(computer.root, ['dpkg', '--purge', 'slipway'], { deadline: 60_000 });
    expect(await network()).toEqual({ resolver: before.resolver, routes: before.routes });
    expect(await as(computer.root, 'sh', '-c', 'ip -o link | grep slipway || true')).toBe('');
    expect(await as(computer.root, 'sh', '-c', 'ls -d /run/slipway /var/lib/slipway 2>/dev/null || true')).toBe('');
    expect((await run(computer.root, ['systemctl', 'cat', helperUnit])).code).not.toBe(0);
    const running = async () => (await run(computer.root, ['pgrep', '-af', '/opt/Slipway'])).stdout;
    const isGone = await eventually(async () => (await running()) === '', 30_000);
    expect(isGone, isGone ? '' : await running()).toBe(true);
    const known = new Set(before.files);
    expect((await files()).filter((path) => !known.has(path))).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });
});
