/**
 * Every way in which the address of a Service is written down to be used elsewhere. Names and addresses come from a
 * cluster and end in shells: what is not a plain host name or address gives no form at all.
 */
import { type CopyForm, type Route, type Service, type ServicePort, toldAddress } from '../../app/contract/index.ts';
import { kindOfPort } from './port-kinds.ts';

export interface AddressForm {
  readonly form: CopyForm;
  readonly text: string;
  /** The address in the cluster, where the text has the one that works on this laptop. */
  readonly real?: string;
}

/** Where the Service is looked at from. */
export interface Naming {
  readonly clusterDomain: string;
  /** Its bare names resolve; empty where none is chosen. */
  readonly homeNamespace: string;
  /** Namespaces whose name the cluster does not answer for: name.namespace would be a host of somebody else. */
  readonly refused: readonly string[];
  /** What stands behind a name while plain ones are another cluster's: a dot and a label; else empty. */
  readonly suffix: string;
  /** The ranges of the cluster: addresses in some are others on this laptop. */
  readonly routes: readonly Route[];
}

/** What to use for an address of the cluster, and that one beside it where the two differ. */
export function workingAddress(real: string, { routes }: Naming): Pick<AddressForm, 'text' | 'real'> {
  const text = toldAddress(routes, real);
  return text === real ? { text } : { text, real };
}

const hostName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const ipAddress = /^[0-9a-f:.]{2,45}$/i;

/** The forms of a Service at one of its ports (null: it names none), in the order in which they are shown. */
export function addressForms(service: Service, port: ServicePort | null, naming: Naming): readonly AddressForm[] {
  const { name, namespace } = service;
  if (!hostName.test(name) || !hostName.test(namespace) || !hostName.test(naming.clusterDomain)) {
    return [];
  }
  const { suffix } = naming;
  const short = `${name}.${namespace}${suffix === '' && naming.refused.includes(namespace) ? '.svc' : suffix}`;
  const full = `${name}.${namespace}.svc.${naming.clusterDomain}${suffix}`;
  const address = service.addresses.find((one) => ipAddress.test(one));
  const forms: (AddressForm | null)[] = [
    port === null ? null : { form: 'host-port', text: `${short}:${port.port}` },
    port === null ? null : webForm(full, port),
    { form: 'name', text: short },
    { form: 'full-name', text: full },
    namespace === naming.homeNamespace ? { form: 'short-name', text: `${name}${suffix}` } : null,
    address === undefined ? null : { form: 'cluster-ip', ...workingAddress(address, naming) },
    port === null ? null : { form: 'environment', text: environmentLine(name, short, full, port) },
    ...(port === null ? [] : commandForms(short, full, port)),
  ];
  return forms.filter((form) => form !== null);
}

/** The page at a port that speaks HTTP; null at any other. */
export function webAddressOf(service: Service, port: ServicePort | null, naming: Naming): string | null {
  return addressForms(service, port, naming).find(({ form }) => form === 'url')?.text ?? null;
}

/** The form to copy: the one that was used last where this Service has it, else the nearest. */
export function formToCopy(forms: readonly AddressForm[], last: CopyForm): AddressForm | null {
  return (
    forms.find(({ form }) => form === last) ??
    forms.find(({ form }) => form === 'host-port') ??
    forms.find(({ form }) => form === 'name') ??
    null
  );
}

/** The port that a Service is used at where none was chosen: one that speaks HTTP, else the first. */
export function usualPort(service: Service): ServicePort | null {
  const isWeb = (port: ServicePort) => kindOfPort(port) === 'http' || kindOfPort(port) === 'https';
  return service.ports.find(isWeb) ?? service.ports[0] ?? null;
}

function url(full: string, port: ServicePort): string | null {
  const kind = kindOfPort(port);
  if (kind !== 'http' && kind !== 'https') {
    return null;
  }
  const usual = kind === 'http' ? 80 : 443;
  return `${kind}://${full}${port.port === usual ? '' : `:${port.port}`}/`;
}

function webForm(full: string, port: ServicePort): AddressForm | null {
  const text = url(full, port);
  return text === null ? null : { form: 'url', text };
}

function environmentLine(name: string, short: string, full: string, port: ServicePort): string {
  const stem = name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^(?=\d)/, '_');
  const web = url(full, port);
  return web === null ? `${stem}_ADDRESS=${short}:${port.port}` : `${stem}_URL=${web}`;
}

function commandForms(short: string, full: string, port: ServicePort): AddressForm[] {
  switch (kindOfPort(port)) {
    case 'http':
    case 'https':
      return [{ form: 'curl', text: `curl -i ${url(full, port) ?? ''}` }];
    case 'postgres':
      return [{ form: 'psql', text: `psql -h ${short} -p ${port.port} -U postgres` }];
    case 'redis':
      return [{ form: 'redis-cli', text: `redis-cli -h ${short} -p ${port.port}` }];
    case 'grpc':
      return [{ form: 'grpcurl', text: `grpcurl -plaintext ${short}:${port.port} list` }];
    default:
      return [];
  }
}
