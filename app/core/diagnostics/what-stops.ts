/** Why nothing answers behind a Service, by how it is made: what its own fields say, told where the way ends. Pure. */
import {
  type Cause,
  cause,
  causeText,
  type Pod,
  type Problem,
  problem,
  type Service,
  type ServicePort,
} from '../../contract/index.ts';

interface Asked {
  readonly service: Service;
  readonly port: number;
  readonly context: string;
}

/** What stops it before anything is dialled, or null. */
export function stopsBefore({ service, port, context }: Asked): Problem | null {
  const { name: of, ports, endpoints } = service;
  if (!service.headless && ports.length > 0 && !ports.some((one) => one.port === port)) {
    const [first] = ports.filter(({ protocol }) => protocol === 'TCP');
    const listed = ports.map((one) => `${one.port}${one.protocol === 'TCP' ? '' : `/${one.protocol}`}`).join(', ');
    const said =
      first === undefined
        ? cause('portMissing', { service: of, port, ports: listed })
        : cause('portMissingMeant', { service: of, port, ports: listed, meant: first.port });
    return problem('port-missing', said, { context });
  }
  if (endpoints.length === 0 && service.traffic?.selects === false && !isOfApiServer(service)) {
    return problem('endpoints-missing', cause('selectsNothing'), { context });
  }
  const found = ports.find((one) => one.port === port);
  if (!service.headless && found !== undefined && service.traffic?.lacking?.includes(port) === true) {
    const isNamed = !/^\d+$/.test(found.targetPort);
    const said = isNamed
      ? cause('targetPortNamed', { port, target: found.targetPort })
      : cause('targetPortLacking', { port, name: found.name || '–' });
    return problem('target-port-missing', said, { context });
  }
  return null;
}

/** Endpoints that are dialled: pods that are not ready, too, where the Service publishes them. */
export function mayAnswer(service: Service): boolean {
  const { endpoints, traffic } = service;
  return (
    endpoints.some(({ ready }) => ready) || (traffic?.unready === true && service.headless && endpoints.length > 0)
  );
}

/** Nobody can dial what is no TCP. */
export function isWithoutTcp({ service, port }: Asked): boolean {
  const of = service.ports.filter((one) => one.port === port);
  return of.length > 0 && of.every(({ protocol }) => protocol !== 'TCP');
}

/** Why a connection most likely ended as it did, instead of the bare error; null where Service and pods do not tell. */
export function stopsConnection(asked: Asked, code: string, pods: readonly Pod[]): Cause | null {
  const { service, port } = asked;
  const ready = service.endpoints.filter((endpoint) => endpoint.ready);
  const isNoAnswer = code === 'connection-silent' || code === 'connection-refused' || code === 'connection-failed';
  if (!isNoAnswer) {
    return null;
  }
  if (service.traffic?.local === true && !service.headless) {
    return cause('localOnly', { nodes: named(ready.map(({ node }) => node)) });
  }
  if (ready.some(({ pod }) => pod === '') && !isOfApiServer(service)) {
    return cause('endpointsOutside', { addresses: named(ready.map(({ address }) => address)) });
  }
  const found = service.ports.find((one) => one.port === port && one.protocol === 'TCP');
  const onNodes = pods.filter(({ hostNetwork }) => hostNetwork);
  if (onNodes.length > 0) {
    const addresses = named(onNodes.flatMap((pod) => pod.addresses.slice(0, 1)));
    return code === 'connection-refused'
      ? cause('hostNetworkRefuses', { addresses, target: found?.targetPort ?? port })
      : cause('hostNetworkSilent', { addresses, target: found?.targetPort ?? port });
  }
  if (code !== 'connection-refused') {
    return null;
  }
  if (service.headless) {
    return isOtherTarget(found) ? cause('headlessPort', { port, target: found.targetPort }) : null;
  }
  if (service.traffic?.unready === true && ready.length > 0) {
    return cause('publishesUnready');
  }
  return found === undefined ? null : cause('targetRefuses', { target: found.targetPort });
}

/**
 * What a request that failed on a connection that was accepted most likely means; the same problem where nothing tells. What
 * takes a mesh's connections accepts them before it knows who calls, and ends those that are not mutual TLS.
 */
export function stopsRequest(because: Problem, pods: readonly Pod[], context: string): Problem {
  if (!/ECONNRESET|\bEOF\b|reset by peer/i.test(because.cause)) {
    return because;
  }
  const mesh = pods.find((pod) => pod.mesh !== undefined)?.mesh;
  const said = mesh === undefined ? cause('resetAfterAccept') : cause('meshReset', { mesh });
  return mesh === undefined ? { ...because, cause: causeText(said), said } : problem('mesh-refuses', said, { context });
}

function isOtherTarget(port: ServicePort | undefined): port is ServicePort {
  return port !== undefined && port.targetPort !== String(port.port);
}

/** Its endpoint is the API server, which no selector finds. */
export function isOfApiServer({ namespace, name }: Service): boolean {
  return namespace === 'default' && name === 'kubernetes';
}

/** A few of them, each once. */
function named(items: readonly string[]): string {
  const once = [...new Set(items.filter((item) => item !== ''))];
  return once.length > 3 ? `${once.slice(0, 3).join(', ')} …` : once.join(', ');
}
