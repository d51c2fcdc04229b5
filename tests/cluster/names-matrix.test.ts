/** Every form of a name that a pod resolves, asked by real programs with resolvers of all kinds, as a pod is answered. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNamePrograms, isOnMachine, type Kind, namePrograms } from './name-programs/programs.ts';
import { must } from './programs.ts';
import { closeScene, type Flavour, type Scene, setScene, workload } from './scene.ts';

const { http, headless, external } = workload;
const asker = `${headless.service}-0`;
const domain = 'cluster.local';

interface Question {
  readonly kind: Kind;
  readonly name: string;
}

/** What is asked. `beyond`: forms that no pod resolves, and that may have the answer of the form without its dot here. */
interface Asked extends Question {
  readonly beyond?: string;
}

/** What differs from a pod, and why (docs/known-issues.md). */
interface Known {
  readonly flavour: Flavour;
  readonly programs: readonly string[];
  readonly names: RegExp;
  /** What these programs get in place of a pod's answer; `nothing sometimes` beside it. */
  readonly get: 'nothing' | 'nothing sometimes' | 'refused';
}
const aliases = { first: 'names-matrix-first', second: 'names-matrix-second', headless: 'names-matrix-headless' };
const oneLabel = [http.service, headless.service, aliases.first, aliases.headless].join('|');
const [ares, musl] = ["Node's resolve, c-ares", 'musl'];
const known: readonly Known[] = [
  // It asks all servers of resolv.conf at once, and the office's "no such name" may come first.
  { flavour: 'plain', programs: [musl], names: /./, get: 'nothing sometimes' },
  // systemd-resolved refuses one label but with a search list, as without Slipway; c-ares as Node asks has none, in a pod neither.
  { flavour: 'resolved', programs: [ares], names: new RegExp(`^A (${oneLabel})$`), get: 'refused' },
  {
    flavour: 'resolved',
    programs: [
      "Node's lookup, in one process",
      ares,
      'Go without the C library',
      'Go with the C library',
      musl,
      'Java',
    ],
    names: new RegExp(`^A ${http.service}\\.$`),
    get: 'refused',
  },
  {
    flavour: 'resolved',
    programs: [ares, 'Go without the C library', musl],
    names: /^A nothing-here$/,
    get: 'refused',
  },
  // Two dots, and no search list for such names.
  ...(['plain', 'resolved'] as const).map((flavour) => ({
    flavour,
    programs: [ares, 'dig'],
    names: new RegExp(`^SRV _http\\._tcp\\.${http.service}$`),
    get: 'nothing' as const,
  })),
];
const knownOf = (flavour: Flavour, program: string, { kind, name }: Question) =>
  known.find((one) => one.flavour === flavour && one.programs.includes(program) && one.names.test(`${kind} ${name}`))
    ?.get;

const alias = (name: string, target: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: http.namespace },
  spec: { type: 'ExternalName', externalName: target },
});
const inside = (service: string) => `${service}.${http.namespace}.svc.${domain}`;

function parse(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [kind, name, values = ''] = line.split('\t');
    // dig tells SRV with priority and weight, which the others leave out or have otherwise.
    const sort = (value: string) =>
      value
        .toLowerCase()
        .replace(/\.$/, '')
        .replace(/^failed: .*(refused|again|misbehaving|temporary).*/, 'refused')
        .replace(/^\d+ \d+ (\d+ \S)/, '$1');
    const list = values.split(',').filter((value) => value !== '');
    found.set(`${kind} ${name}`, [...new Set(list.map(sort))].sort());
  }
  return found;
}

describe.each<Flavour>(['plain', 'resolved'])('each form of a name, with a resolver of the kind %s', (flavour) => {
  let scene: Scene;
  let programs = '';
  let questions: readonly Asked[] = [];
  let inPod = new Map<string, string[]>();

  const exec = (words: readonly string[], input: string) =>
    scene.cluster.kubectl(['exec', '-i', '-n', http.namespace, asker, '--', ...words], input);
  const asLines = (list: readonly Question[]) => list.map(({ kind, name }) => `${kind} ${name}\n`).join('');

  beforeAll(async () => {
    programs = await buildNamePrograms();
    scene = await setScene(flavour, `names-matrix-${flavour}`);
    const items = [
      alias(aliases.first, inside(aliases.second)),
      alias(aliases.second, http.fullName),
      alias(aliases.headless, inside(headless.service)),
    ];
    await scene.cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    const service = await scene.cluster.serviceAddress(http.namespace, http.service);
    const addressOf = async (selector: string) =>
      (await scene.cluster.pods(http.namespace, selector)).map((pod) => pod.status.podIP ?? '')[0] ?? '';
    const pod = await addressOf(http.selector);
    const member = await addressOf(`statefulset.kubernetes.io/pod-name=${headless.service}-1`); // the asker's is in its hosts file
    questions = questionsOf(service, pod, member);
    // The pod is asked by the program that asks here, too: only where it runs differs.
    const program = await readFile(join(programs, 'ask-go'), 'base64');
    await exec(['sh', '-c', 'base64 -d >/tmp/names-matrix && chmod +x /tmp/names-matrix'], program);
    inPod = parse(await exec(['/tmp/names-matrix'], asLines(questions.filter(({ kind }) => kind !== 'CNAME'))));
  });
  afterAll(async () => {
    await scene.product.end();
    const names = Object.values(aliases);
    await scene.cluster.kubectl(['delete', 'service', '-n', http.namespace, '--ignore-not-found', ...names]);
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  /** What may be found: a list of possibilities, each a list of values. */
  const possible = ({ kind, name, beyond }: Asked): string[][] => {
    const asPod = inPod.get(`${kind} ${name}`) ?? [];
    if (beyond !== undefined) {
      return [[], inPod.get(`A ${beyond}`) ?? []];
    }
    if (kind === 'CNAME') {
      return [[name.startsWith(aliases.first) ? inside(aliases.second) : external.target]];
    }
    if (kind === 'PTR' && asPod.length > 0) {
      return [asPod, ...asPod.map((one) => [one])]; // the C library takes one of them
    }
    // CoreDNS of the sandbox knows no name of the outside; the laptop looks it up as it does any other.
    return [name === external.fullName ? [workload.outside[external.target]] : asPod];
  };
  const allowed = (program: string, question: Asked): string[][] => {
    switch (knownOf(flavour, program, question)) {
      case 'nothing':
        return [[]];
      case 'nothing sometimes':
        return [[], ...possible(question)];
      case 'refused':
        return [[], ['refused']];
    }
    return possible(question);
  };

  it('has answers of the pod to compare with', () => {
    const empty = [...inPod].filter(([, found]) => found.length === 0).map(([question]) => question);
    expect(empty.filter((question) => !/nothing|-99|\.$|payment|PTR/.test(question))).toEqual([]);
    expect([...inPod.values()].flat().filter((found) => /^(failed|refused)/.test(found))).toEqual([]);
  });

  for (const program of namePrograms.filter((one) => one.flavours.includes(flavour))) {
    if (!program.needs.every(isOnMachine)) {
      process.stderr.write(`   not asked with ${program.title}: this machine lacks ${program.needs.join(' or ')}\n`);
      continue;
    }
    it(`is answered to ${program.title} as to a pod`, async () => {
      const asked = questions.filter(
        (question) =>
          program.kinds.includes(question.kind) &&
          // What is refused musl asks for ten seconds.
          !(program.title === musl && knownOf(flavour, musl, question) === 'refused'),
      );
      const text = await must(scene.laptop, program.command(programs), {
        input: asLines(asked),
        environment: program.environment ?? {},
        deadline: 40_000,
      });
      const found = parse(text);
      const wrong = asked.flatMap((question) => {
        const key = `${question.kind} ${question.name}`;
        const [here, may] = [found.get(key) ?? ['no line'], allowed(program.title, question)];
        return may.some((one) => one.join() === here.join())
          ? []
          : [`${key}: [${here}] in place of ${JSON.stringify(may)}`];
      });
      expect(wrong).toEqual([]);
    });
  }
});

function questionsOf(service: string, pod: string, member: string): Asked[] {
  const a = (name: string): Asked => ({ kind: 'A', name });
  const forms = (name: string) => [name, `${name}.svc`, `${name}.svc.${domain}`];
  const ns = http.namespace;
  const dashed = pod.replaceAll('.', '-');
  return [
    ...http.names.map(a),
    a('ORDERS.Webshop'),
    ...http.names.map((name) => ({
      kind: 'A' as const,
      name: `${name}.`,
      ...(name === http.fullName ? {} : { beyond: name }),
    })),
    ...[headless.service, ...forms(`${headless.service}.${ns}`)].map(a),
    ...[`${asker}.${headless.service}`, ...forms(`${asker}.${headless.service}.${ns}`)].map(a),
    ...[`${dashed}.${ns}.pod`, `${dashed}.${ns}.pod.${domain}`].map(a),
    ...forms('inventory.infra').map(a),
    ...[aliases.first, ...forms(`${aliases.first}.${ns}`), aliases.headless, inside(aliases.headless)].map(a),
    a(external.fullName),
    ...['nothing-here', ...forms(`nothing-here.${ns}`), 'nothing-here.example.test'].map(a),
    ...[`${headless.service}-99.${headless.service}.${ns}`, `nothing-here.nothing.svc.${domain}`].map(a),
    ...[http.service, ...forms(http.names[1])].map((name) => ({ kind: 'SRV' as const, name: `_http._tcp.${name}` })),
    { kind: 'SRV', name: `_http._tcp.${inside(headless.service)}` },
    { kind: 'SRV', name: `_nothing._tcp.${http.fullName}` },
    { kind: 'PTR', name: service },
    { kind: 'PTR', name: member },
    { kind: 'PTR', name: pod },
    { kind: 'CNAME', name: inside(aliases.first) },
    { kind: 'CNAME', name: external.fullName },
  ];
}
