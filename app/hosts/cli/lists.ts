/** The commands that list: contexts, namespaces, services, pods. */
import {
  type Context,
  type ContextKey,
  type CoreLink,
  commandLineOf,
  isEstablished,
  type Pod,
  type Problem,
  portsText,
  problem,
  type Route,
  readinessOf,
  type Service,
  toldAddress,
} from '../../contract/index.ts';
import { contextOfFlag } from './caller.ts';
import { age, data, type Format, invocation, json, plain, say, sayProblems, table } from './output.ts';
import { Ended, unwrap } from './run.ts';

function authenticationOf(context: Context): string {
  if (context.execPlugin === null) {
    return context.authentication;
  }
  const commandLine = [context.execPlugin.command, ...context.execPlugin.arguments].join(' ');
  return `exec: ${commandLine}${context.execPlugin.trusted ? '' : ' (not confirmed)'}`;
}

export async function listContexts(core: CoreLink, format: Format): Promise<void> {
  const { contexts, problems, warnings } = unwrap(await core.call('listContexts', {}));
  if (format === 'json') {
    json({ contexts, problems, warnings });
  } else if (contexts.length > 0) {
    const wide = format === 'wide';
    const headings = ['', 'NAME', 'CLUSTER', 'NAMESPACE', ...(wide ? ['SERVER', 'USER', 'CREDENTIALS', 'FILE'] : [])];
    const rows = contexts.map((context) => [
      context.current ? '*' : (context.doubt ?? null) === null ? '' : '?',
      context.name,
      context.cluster,
      context.namespace,
      ...(wide ? [context.server, context.user, authenticationOf(context), context.file] : []),
    ]);
    data(table(headings, rows));
  }
  sayProblems(problems);
  sayWarnings(contexts, warnings);
  if (contexts.length === 0 && problems[0] !== undefined) {
    throw new Ended(problems[0], true);
  }
}

/** So many one reads; `-o json` has them all. */
const warningsSaid = 20;

/** One line each: what is read as kubectl reads it and may still not be meant, and what may be taken for another. */
function sayWarnings(contexts: readonly Context[], warnings: readonly Problem[]): void {
  const doubted = contexts.flatMap(({ name, doubt }) =>
    (doubt ?? null) === null
      ? []
      : [
          `${name}: ${doubt?.cause}. To confirm it: ${commandLineOf({ command: invocation, arguments: ['confirm', name] })}`,
        ],
  );
  const odd = warnings.map(({ facts, cause }) => `${facts.file}: ${cause}`);
  const lines = [...doubted, ...odd].map((line) => `warning: ${line}`);
  for (const line of lines.slice(0, warningsSaid)) {
    say(plain(line));
  }
  if (lines.length > warningsSaid) {
    say(`and ${lines.length - warningsSaid} more warnings: see ${invocation} contexts -o json`);
  }
}

/** Names for a shell's completion; a kubeconfig that cannot be read has none. */
export async function namesOfContexts(core: CoreLink): Promise<string[]> {
  const listed = await core.call('listContexts', {});
  return listed.ok ? listed.value.contexts.map((context) => context.name) : [];
}

/** The context that a command means: the named one, that of `--context`, or the kubeconfig's current one. */
export async function chosenContext(core: CoreLink, named?: string): Promise<string> {
  const chosen = named ?? contextOfFlag();
  if (chosen !== '') {
    return chosen;
  }
  const { contexts, problems } = unwrap(await core.call('listContexts', {}));
  const current = contexts.find((context) => context.current) ?? (contexts.length === 1 ? contexts[0] : undefined);
  if (current !== undefined) {
    return current.name;
  }
  throw new Ended(problems[0] ?? 'There is no current context: name one that `slipway contexts` lists.');
}

/** A context of this name, with its file; `context-unknown` with those that there are, or why there are none. */
export async function keyOfContext(core: CoreLink, context: string): Promise<ContextKey> {
  const { contexts, problems } = unwrap(await core.call('listContexts', {}));
  const found = contexts.find(({ name }) => name === context);
  if (found === undefined) {
    const known = contexts.map(({ name }) => name).join(', ') || 'none';
    const because = contexts.length === 0 ? problems[0] : undefined;
    throw new Ended(because ?? problem('context-unknown', `the contexts are: ${known}`, { context }));
  }
  return { context: found.name, file: found.file };
}

export async function listNamespaces(core: CoreLink, context: string, trustExec: boolean, format: Format) {
  const { namespaces, complete } = unwrap(await core.call('listNamespaces', { context, trustExec }));
  if (format === 'json') {
    json({ namespaces, complete });
    return;
  }
  data(
    table(
      ['NAME'],
      namespaces.map((name) => [name]),
    ),
  );
  if (!complete) {
    process.stderr.write('You may not list all namespaces: these are the ones that your kubeconfig names.\n');
  }
}

/** As the window says it. */
function readyText(service: Service): string {
  const { readiness, ready, total } = readinessOf(service);
  return readiness === 'outside' ? 'outside' : total === 0 ? 'none' : `${ready} of ${total}`;
}

/** The ranges of a context that is on: addresses in some of them are others on this laptop. */
async function routesOf(core: CoreLink, context: string): Promise<readonly Route[]> {
  const { connections } = unwrap(await core.call('getSnapshot', {}));
  const one = connections.find((connection) => connection.cluster.context === context);
  return one !== undefined && isEstablished(one) ? one.routes : [];
}

/** The address that works here, and the one in the cluster where the two differ. */
function addressText(routes: readonly Route[], real: string): string {
  const told = toldAddress(routes, real);
  return told === real ? real : `${told} (${real} in the cluster)`;
}

function addressOf(service: Service, routes: readonly Route[]): string {
  if (service.type === 'ExternalName') {
    return service.externalName;
  }
  return service.headless ? 'headless' : service.addresses.map((one) => addressText(routes, one)).join(',');
}

export async function listServices(
  core: CoreLink,
  query: { context: string; namespaces: string[]; trustExec: boolean },
  format: Format,
): Promise<void> {
  const { services, problems } = unwrap(await core.call('listServices', query));
  if (format === 'json') {
    json({ services, problems });
  } else {
    const wide = format === 'wide';
    const routes = await routesOf(core, query.context);
    const headings = ['NAMESPACE', 'NAME', 'TYPE', 'ADDRESS', 'PORTS', 'READY', 'AGE', ...(wide ? ['ENDPOINTS'] : [])];
    const rows = services.map((service) => [
      service.namespace,
      service.name,
      service.type,
      addressOf(service, routes),
      portsText(service.ports),
      readyText(service),
      age(Date.now() - service.createdAt),
      ...(wide ? [service.endpoints.map((endpoint) => endpoint.address).join(',')] : []),
    ]);
    data(table(headings, rows));
  }
  sayProblems(problems);
}

/** Where it listens, by container. */
function portsOfPod({ containers }: Pod): string {
  return containers
    .flatMap(({ ports }) =>
      ports.map(({ name, port, protocol }) => `${port}${name === '' ? '' : `:${name}`}/${protocol}`),
    )
    .join(',');
}

/** Why it is not as it should be, in one line. */
function reasonOf({ reasons, status }: Pod): string {
  return reasons
    .map(({ container, word, exitCode, message }) => {
      const code = exitCode === null ? '' : `exit code ${exitCode}`;
      const what = [word === status ? '' : word, code, message].filter((part) => part !== '').join(', ');
      return container === '' || what === '' ? what : `${container}: ${what}`;
    })
    .filter((line) => line !== '')
    .join('; ');
}

function restartsOf({ restarts, restartedAt }: Pod): string {
  return restartedAt === null || restarts === 0 ? `${restarts}` : `${restarts} (${age(Date.now() - restartedAt)} ago)`;
}

export async function listPods(
  core: CoreLink,
  query: { context: string; namespaces: string[]; trustExec: boolean },
  format: Format,
): Promise<void> {
  const { pods, problems } = unwrap(await core.call('listPods', query));
  if (format === 'json') {
    json({ pods, problems });
  } else {
    const wide = format === 'wide';
    const routes = await routesOf(core, query.context);
    const headings = [
      ...['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'ADDRESS'],
      ...(wide ? ['NODE', 'PORTS', 'OWNER', 'REASON'] : []),
    ];
    const rows = pods.map((pod) => [
      pod.namespace,
      pod.name,
      `${pod.ready}/${pod.total}`,
      pod.status,
      restartsOf(pod),
      age(Date.now() - pod.createdAt),
      `${pod.addresses.map((one) => addressText(routes, one)).join(',') || '-'}${pod.hostNetwork && pod.addresses.length > 0 ? ' (node)' : ''}`,
      ...(wide
        ? [
            pod.node || '-',
            portsOfPod(pod) || '-',
            pod.owner === null ? '-' : `${pod.owner.kind}/${pod.owner.name}`,
            reasonOf(pod),
          ]
        : []),
    ]);
    data(table(headings, rows));
  }
  sayProblems(problems);
}
