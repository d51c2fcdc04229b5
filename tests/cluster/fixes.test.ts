/**
 * Every command that the catalogue of problems prints is followed as printed, on a connected laptop: those that only look first,
 * then those that change something, each put back. What stands for a choice of the reader is chosen. What cannot be followed here
 * is in the list with its reason, and the list is complete.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue, type ProblemCode, problem } from '../../app/contract/index.ts';
import { must } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

const facts = {
  context: 'sandbox',
  namespace: workload.http.namespace,
  interface: 'slipway0',
  options: '--agent-namespace infra',
  prefix: '192.0.2.0/24',
  domain: 'corp.example',
};

/** What only looks, with something that it shows. */
const looks: Readonly<Record<string, string>> = {
  'slipway contexts': 'sandbox',
  'slipway namespaces --context sandbox': 'webshop',
  'slipway settings list': 'excludedRanges',
  'slipway --help': 'connect',
  'slipway doctor': '✓ cluster-dns',
  'slipway services --context sandbox': 'orders',
  'slipway services --context sandbox -o wide': 'orders',
  'slipway pods --context sandbox -o wide': 'orders',
  'slipway status': 'sandbox',
  'slipway status -o wide': 'sandbox',
  'kubectl --context sandbox --namespace webshop get networkpolicies': '',
  'kubectl --context sandbox --namespace webshop get pods --output wide': 'orders',
  'kubectl --context sandbox get --raw /readyz': 'ok',
  'kubectl --context sandbox version': 'Server Version',
  'kubectl --context sandbox --namespace kube-system get pods --selector k8s-app=kube-dns': 'Running',
  'kubectl --context sandbox --namespace kube-system get pods --output wide': 'coredns',
  'kubectl --context sandbox get nodes': 'Ready',
  'ip address show slipway0': 'slipway0',
  'ip rule': 'lookup main',
  'sysctl user.max_user_namespaces': 'max_user_namespaces',
  'ss --summary': 'TCP',
  'cat /etc/resolv.conf': 'nameserver',
  'ip route show table all': 'slipway0',
};

/** What changes settings, what stands in it for a choice, and what puts it back. */
const settings: readonly (readonly [printed: string, choice: string, back: string])[] = [
  ['slipway settings add extraRanges RANGE', '192.0.2.0/24', 'slipway settings remove extraRanges 192.0.2.0/24'],
  [
    'slipway settings add extraDomains corp.example --context sandbox',
    '',
    'slipway settings remove extraDomains corp.example --context sandbox',
  ],
  [
    'slipway settings set directPath pod --context sandbox',
    '',
    'slipway settings set directPath off --context sandbox',
  ],
  ['slipway settings add excludedRanges 192.0.2.0/24', '', 'slipway settings remove excludedRanges 192.0.2.0/24'],
];

/** What connects, each after a disconnect; the sandbox has no registry, so each names an image that is there. */
const connects: Readonly<Record<string, string>> = {
  'slipway connect sandbox': '',
  'slipway connect': '',
  'slipway connect sandbox --agent-namespace infra': '',
  'slipway connect sandbox --agent-namespace NAMESPACE': 'infra',
  'slipway connect sandbox --base-image IMAGE': workload.baseImage,
  'slipway connect sandbox --agent-pod-file FILE': 'agent-pod.yaml',
  'slipway connect sandbox --trust-exec': '',
  'slipway connect --proxy': '',
};

const ends = [
  'slipway disconnect',
  'slipway disconnect sandbox',
  'slipway disconnect --quit',
  'slipway settings remove excludedRanges 192.0.2.0/24',
];

const leftOut: Readonly<Record<string, string>> = {
  'slipway confirm sandbox': 'asks a person at a terminal; tests of confirming have one',
  'slipway sandbox up': 'brings up the sandbox that this runs on',
  './slipway sandbox up': 'brings up the sandbox that this runs on',
  'npm run build-native': 'replaces the programs that other files run; npm test begins with it',
  'sudo pkill slipway-helper': 'ends the helpers of all laptops here; kills-helper.test.ts ends one',
  'ip monitor route': 'goes on until somebody stops it',
  'sudo nft list ruleset': 'the laptops of the sandbox have no nft',
  'sudo modprobe tun': 'changes the kernel of this machine',
};

describe('printed commands', () => {
  let scene: Scene;

  async function follow(text: string, ...more: string[]): Promise<string> {
    const [program = '', ...words] = [...text.split(' '), ...more];
    if (program === 'kubectl') {
      return scene.cluster.kubectl(words);
    }
    if (program !== 'slipway') {
      return must(scene.laptop, [program, ...words]);
    }
    const outcome = await scene.product.slipway(words);
    expect(outcome.code, `${text}\n${outcome.stderr}\n${outcome.stdout}`).toBe(0);
    return `${outcome.stdout}\n${outcome.stderr}`;
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'fixes');
    await scene.product.connect('sandbox', '--namespace', facts.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  it('are all followed here, or left out for a reason', () => {
    const codes = Object.keys(catalogue) as ProblemCode[];
    const printed = codes.flatMap((code) =>
      problem(code, 'because', facts)
        .fixes.filter(({ kind }) => kind === 'command')
        .map(({ text }) => text),
    );
    const known = [looks, connects, leftOut].flatMap((each) => Object.keys(each));
    expect([...new Set(printed)].sort()).toEqual([...known, ...settings.map(([text]) => text), ...ends].sort());
  });

  it.each(Object.entries(looks))('%s', async (text, shown) => {
    expect(await follow(text)).toContain(shown);
  });

  it.each(settings)('%s', async (text, choice, back) => {
    const [, , , name = ''] = text.split(' ');
    const value = choice === '' ? (text.split(' ')[4] ?? '') : choice;
    await follow(text.replace('RANGE', choice));
    const where = text.includes('--context') ? ['--context', 'sandbox'] : [];
    expect(await follow(`slipway settings get ${name}`, ...where)).toContain(value);
    await follow(back);
    expect(await follow(`slipway settings get ${name}`, ...where)).not.toContain(value);
  });

  it.each(Object.entries(connects))('%s', async (text, choice) => {
    await follow('slipway disconnect');
    expect(await scene.product.reaches('off', 20_000)).toBe(true);
    const file = join(scene.product.folder, 'agent-pod.yaml');
    writeFileSync(file, 'metadata:\n  labels:\n    team: payments\n');
    const chosen = text.replace(/\b(NAMESPACE|IMAGE|FILE)$/, choice === 'agent-pod.yaml' ? file : choice);
    await follow(chosen, ...(text.includes('--base-image') ? [] : ['--base-image', workload.baseImage]));
    expect(await scene.product.phase()).toBe('connected');
  });

  it('slipway disconnect sandbox', async () => {
    await follow('slipway disconnect sandbox');
    expect(await scene.product.reaches('off', 20_000)).toBe(true);
  });

  it('slipway disconnect --quit', async () => {
    await follow('slipway disconnect --quit');
    await expect.poll(() => scene.product.processIds('core'), { timeout: 10_000 }).toEqual([]);
  });
});
