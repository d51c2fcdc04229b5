/**
 * The catalogue: namespaces, Services and their endpoints, listed once or followed by informers. What the user may
 * not see cluster-wide is looked for in the home namespace; what may not be seen there either becomes a problem.
 */
import { type Problem, problem, type Result, type Service, success } from '../../contract/index.ts';
import type { Catalogue } from '../../core/ports.ts';
import type { ApiConnection } from './api-connection.ts';
import { type KubernetesObject, pathOf } from './api-objects.ts';
import { createAssembly } from './assembly.ts';
import { largestList } from './bounded.ts';
import { namespaceOf, type Slice, serviceOf, sliceOf } from './catalogue-objects.ts';
import { type Informer, type InformerHooks, type NarrowedWatch, startInformer } from './informer.ts';
import { type Kept, keptOf, listKept } from './kept-lists.ts';
import { type Asked, forbiddenProblem, problemOf } from './problems.ts';
import { catalogueClusterRole } from './roles.ts';

/** What is kept of each kind. */
interface Items {
  readonly namespaces: string;
  readonly services: Service;
  readonly endpointslices: Slice;
}
type Kind = keyof Items;

const itemOf: { readonly [Each in Kind]: (object: KubernetesObject) => Items[Each] | null } = {
  namespaces: namespaceOf,
  services: serviceOf,
  endpointslices: sliceOf,
};

/** Twice what is usual (pods.ts): objects of these kinds are small, and each page is a round trip. */
const pageSize = 1_000;

/** Changes of this time become one catalogue; the first is waited for, and told at once. Milliseconds. */
const settleTime = 150;

const groups: Readonly<Record<Kind, string>> = { namespaces: '', services: '', endpointslices: 'discovery.k8s.io' };

export function askedFor(kind: Kind, namespace: string): Asked {
  return { verb: 'list', group: groups[kind], resource: kind, namespace, purpose: 'catalogue' };
}

export async function listNamespaces(connection: ApiConnection, home: string) {
  const attempt = await connection.ask(askedFor('namespaces', ''), () => listAll(connection, 'namespaces', ''));
  if (attempt.ok) {
    return success({ namespaces: namesOf(attempt.value.items).sort(), complete: true });
  }
  return attempt.problem.code === 'forbidden' ? success({ namespaces: [home], complete: false }) : attempt;
}

/** Names of a namespace's headless Services, sorted. A namespace of thousands has too many to look through: a problem. */
export function listHeadless(connection: ApiConnection, namespace: string): Promise<Result<readonly string[]>> {
  const nameOf = (object: KubernetesObject) => {
    const service = serviceOf(object);
    return service?.headless === true ? service.name : null;
  };
  return connection.ask(askedFor('services', namespace), async () => {
    const reading = { page: pageSize, objects: pageSize };
    const { items } = await listKept(connection, pathOf('services', namespace), nameOf, reading);
    return namesOf(items).sort();
  });
}

/** `namespaces` empty: all, or the home namespace where that is refused. */
export async function listCatalogue(
  connection: ApiConnection,
  home: string,
  namespaces: readonly string[],
): Promise<Result<Catalogue>> {
  const known = await listNamespaces(connection, home);
  if (!known.ok) {
    return known;
  }
  const problems: Problem[] = [];
  const read = async <Each extends Kind>(kind: Each): Promise<Result<Kept<Items[Each]>[]>> => {
    const listed = await Promise.all(
      (namespaces.length === 0 ? [''] : namespaces).map(async (namespace) => {
        const asked = askedFor(kind, namespace);
        const first = await connection.ask(asked, () => listAll(connection, kind, namespace));
        if (first.ok || first.problem.code !== 'forbidden') {
          return first;
        }
        problems.push(missing(kind, namespace, first.problem));
        const second =
          namespace === ''
            ? await connection.ask(asked, () => listAll(connection, kind, home))
            : success({ items: [] });
        return second.ok || second.problem.code !== 'forbidden' ? second : success({ items: [] });
      }),
    );
    const failed = listed.find((result) => !result.ok);
    return failed !== undefined && !failed.ok
      ? failed
      : success(listed.flatMap((result) => (result.ok ? result.value.items : [])));
  };
  const [services, slices] = await Promise.all([read('services'), read('endpointslices')]);
  if (!services.ok) {
    return services;
  }
  if (!slices.ok) {
    return slices;
  }
  const assembly = createAssembly();
  for (const service of services.value) {
    assembly.service(service, true);
  }
  for (const slice of slices.value) {
    assembly.slice(slice, true);
  }
  return success(assembly.assemble(known.value.namespaces, problems));
}

/** Calls with the whole catalogue whenever it changed, for the first time once every list was read. */
export function watchCatalogue(
  connection: ApiConnection,
  home: string,
  listener: (catalogue: Catalogue) => void,
): NarrowedWatch {
  const kinds: readonly Kind[] = ['namespaces', 'services', 'endpointslices'];
  const informers = new Map<Kind, Informer<KubernetesObject>>();
  const problems = new Map<Kind, Problem>();
  const assembly = createAssembly();
  const names = new Set<string>(); // of namespaces
  const given = new Set<Kind>(); // refused everywhere: nothing will come
  let settling: NodeJS.Timeout | undefined;
  let hasTold = false;
  let isNarrowed = false;
  let ended = false;

  const told: { readonly [Each in Kind]: (object: Kept<Items[Each]>, isThere: boolean) => void } = {
    namespaces: ({ metadata, item }, isThere) => {
      if (isThere && item !== null) {
        names.add(item);
      } else {
        names.delete(metadata?.name ?? '');
      }
    },
    services: assembly.service,
    endpointslices: assembly.slice,
  };
  const tell = () => {
    settling = undefined;
    if (ended || !kinds.every((kind) => given.has(kind) || informers.get(kind)?.complete === true)) {
      return;
    }
    hasTold = true;
    const namespaces = given.has('namespaces') ? [home] : [...names];
    listener(assembly.assemble(namespaces, [...problems.values()]));
  };
  // Not put off by each further change: where something changes all the time, nothing would ever be told.
  const changed = () => {
    settling ??= setTimeout(tell, hasTold ? settleTime : 0);
  };
  const follow = <Each extends Kind>(kind: Each, namespace: string) => {
    const refused = informers.get(kind) as Informer<Kept<Items[Each]>> | undefined;
    refused?.end();
    for (const object of refused?.objects() ?? []) {
      told[kind](object, false);
    }
    const list = () => listAll(connection, kind, namespace);
    const hooks: InformerHooks<Kept<Items[Each]>> = {
      changed,
      told: told[kind],
      refused: (error) => {
        isNarrowed = true;
        // Endpoints of the namespace that is looked into are worth as much as all: they are missed where it refuses, too.
        if (!problems.has(kind) && (kind !== 'endpointslices' || namespace !== '')) {
          problems.set(kind, missing(kind, namespace, problemOf(error, askedFor(kind, namespace))));
        }
        if (kind !== 'namespaces' && namespace === '') {
          setImmediate(() => ended || follow(kind, home));
        } else {
          given.add(kind);
          changed();
        }
        return true;
      },
    };
    const informer = startInformer(connection, pathOf(kind, namespace), list, hooks, {
      trimmed: (object) => keptOf(object, itemOf[kind]),
    });
    informers.set(kind, informer);
  };
  for (const kind of kinds) {
    follow(kind, '');
  }
  return {
    end: () => {
      ended = true;
      clearTimeout(settling);
      for (const informer of informers.values()) {
        informer.end();
      }
    },
    isNarrowed: () => isNarrowed,
  };
}

function missing(kind: Kind, namespace: string, because: Problem): Problem {
  if (because.code === 'answer-too-large') {
    return { ...because, severity: 'warning' };
  }
  const where = namespace === '' ? 'in all namespaces' : `in ${namespace}`;
  if (kind === 'endpointslices') {
    const cause = `endpoints ${where} may not be listed, so it is not known which Services are ready`;
    return problem('service-endpoints-unknown', cause, { namespace }, catalogueClusterRole());
  }
  return { ...forbiddenProblem(askedFor(kind, namespace), because.cause), severity: 'warning' };
}

/** Names of the namespaces that are there and stay. */
function namesOf(namespaces: readonly Kept<string>[]): string[] {
  return namespaces.map(({ item }) => item).filter((name) => name !== null);
}

function listAll<Each extends Kind>(connection: ApiConnection, kind: Each, namespace: string) {
  return listKept<Items[Each]>(connection, pathOf(kind, namespace), itemOf[kind], {
    page: pageSize,
    bytes: largestList,
  });
}
