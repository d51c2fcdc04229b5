/**
 * Whether this computer is a node of the cluster (k3s, kubeadm, microk8s, minikube without a driver): it reaches pods and Services by
 * itself then, by what the node's network plugin and kube-proxy set up.
 */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Node } from './api-objects.ts';

export interface Computer {
  /** machine-id(5); empty where there is none. */
  readonly machineId: string;
  readonly addresses: readonly string[];
}

export async function thisComputer(): Promise<Computer> {
  const text = await readFile('/etc/machine-id', 'utf8').catch(() => '');
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ internal }) => !internal).map(({ address }) => address),
  );
  return { machineId: text.trim(), addresses };
}

/** Addresses of the cluster's nodes in its own network, as the kubelet tells them. */
export function addressesOfNodes(nodes: readonly Node[]): string[] {
  return nodes.flatMap(({ status }) =>
    (status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' && address ? [address] : [])),
  );
}

/**
 * By both the machine's number, which the kubelet tells, and an address: networks that have nothing to do with each other use the same
 * private addresses, and images of machines that were copied the same number. A cluster that lies gets nothing: what is left alone is
 * what this computer does by itself.
 */
export function isNodeHere(nodes: readonly Node[], { machineId, addresses }: Computer): boolean {
  return nodes.some(
    ({ status }) =>
      machineId !== '' &&
      status?.nodeInfo?.machineID === machineId &&
      addressesOfNodes([{ status }]).some((address) => addresses.includes(address)),
  );
}
