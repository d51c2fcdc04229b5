/**
 * Whether containers of this computer have the cluster's names. Addresses they reach as programs here do, through their bridge.
 * Docker and Podman give containers of their first network a copy of the nameservers that the system has, without those of loopback:
 * where systemd-resolved answers programs, that is the ones behind it, which know no cluster. Networks that a user makes have a
 * resolver of Docker's or Podman's, which asks as programs of this computer do. Pure.
 */
import { type Check, cause, problem } from '../../contract/index.ts';
import type { NamesInForce } from '../engine-messages.ts';
import { good, warning } from './check-forms.ts';

/** Of Docker, and of Podman before and since version 4. */
const firstNetworks = new Set(['docker0', 'cni-podman0', 'podman0']);

/** And of networks that a user makes: Docker names an interface by the network's id. */
const bridgeNames = /^(docker0|br-[0-9a-f]{12}|podman\d+|cni-podman\d+)$/;

/** Null where there is nothing to say: no network of containers among the interfaces, or no names in force. */
export function checkContainers(interfaces: readonly string[], names: NamesInForce): Check | null {
  const bridges = interfaces.filter((name) => bridgeNames.test(name));
  const first = bridges.filter((name) => firstNetworks.has(name)).join(', ');
  const isAsked = names.mode === 'resolved' || names.mode === 'resolv-conf';
  if (bridges.length === 0 || !isAsked) {
    return null;
  }
  if (first === '') {
    return good('containers', cause('containersAsk', { bridges: bridges.join(', ') }), 0);
  }
  const { resolver } = names;
  return names.mode === 'resolved'
    ? warning(
        'containers',
        problem('container-names', cause('containersResolved', { bridges: first }), { resolver }),
        0,
      )
    : good('containers', cause('containersNew', { bridges: first, resolver }), 0);
}
