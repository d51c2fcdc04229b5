/**
 * Every way in which the address of a pod is written down to be used elsewhere. Names and addresses come from a cluster
 * and end in shells: what is not a plain host name or address gives no form at all.
 */
import type { Container, Pod } from '../../app/contract/index.ts';
import { type Naming, workingAddress } from './address-forms.ts';
import { kindOfPort } from './port-kinds.ts';

export type PodForm =
  | 'address'
  | 'second-address'
  | 'host-port'
  | 'url'
  | 'pod-name'
  | 'own-name'
  | 'short-own-name'
  | 'curl';

export interface PodAddressForm {
  readonly form: PodForm;
  readonly text: string;
  /** The address in the cluster, where the text has the one that works on this laptop. */
  readonly real?: string;
}

export type PodPort = Container['ports'][number];

const hostName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const ipAddress = /^[0-9a-f:.]{2,45}$/i;

/** All ports that its containers declare; TCP where nothing is said. */
export const portsOf = ({ containers }: Pod): readonly PodPort[] => containers.flatMap(({ ports }) => ports);

/** A container says less of a port than a Service does. */
const kindOf = (port: PodPort) => kindOfPort({ ...port, application: '', targetPort: '', nodePort: null });

/** The port that a pod is used at where none was chosen: one that speaks HTTP, else the first. */
export function usualPodPort(pod: Pod): PodPort | null {
  const all = portsOf(pod);
  return all.find((port) => ['http', 'https'].includes(kindOf(port))) ?? all[0] ?? null;
}

const atPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The page at a port that speaks HTTP; null at any other, and for a pod without an address. */
export function webAddressOfPod(pod: Pod, port: PodPort | null, naming: Naming): string | null {
  const [real] = pod.addresses.filter((one) => ipAddress.test(one));
  if (real === undefined || port === null) {
    return null;
  }
  const address = workingAddress(real, naming).text;
  const kind = kindOf(port);
  return kind === 'http' || kind === 'https' ? `${kind}://${atPort(address, port.port)}/` : null;
}

/**
 * The forms of a pod at one of its ports (null: it declares none), in the order in which they are shown. The names are
 * those of the DNS specification of Kubernetes: 2.6.1 for a pod's address, 2.4 for a pod behind a headless Service.
 */
export function podAddressForms(pod: Pod, port: PodPort | null, naming: Naming): readonly PodAddressForm[] {
  const { clusterDomain, refused, suffix } = naming;
  const { namespace, hostname, subdomain } = pod;
  const [address, second] = pod.addresses.filter((one) => ipAddress.test(one));
  if (address === undefined) {
    return [];
  }
  const web = webAddressOfPod(pod, port, naming);
  const isNamed = hostName.test(namespace) && hostName.test(clusterDomain);
  const isOwn = isNamed && hostName.test(hostname) && hostName.test(subdomain);
  const short = `${hostname}.${subdomain}.${namespace}${suffix === '' && refused.includes(namespace) ? '.svc' : suffix}`;
  const forms: (PodAddressForm | null)[] = [
    { form: 'address', ...workingAddress(address, naming) },
    second === undefined ? null : { form: 'second-address', ...workingAddress(second, naming) },
    port === null ? null : { form: 'host-port', text: atPort(workingAddress(address, naming).text, port.port) },
    web === null ? null : { form: 'url', text: web },
    isOwn ? { form: 'short-own-name', text: short } : null,
    isOwn ? { form: 'own-name', text: `${hostname}.${subdomain}.${namespace}.svc.${clusterDomain}${suffix}` } : null,
    isNamed && !address.includes(':')
      ? { form: 'pod-name', text: `${address.replaceAll('.', '-')}.${namespace}.pod.${clusterDomain}${suffix}` }
      : null,
    web === null ? null : { form: 'curl', text: `curl -i ${web}` },
  ];
  return forms.filter((form) => form !== null);
}
