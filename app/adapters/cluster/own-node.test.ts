import { expect, it } from 'vitest';
import type { Node } from './api-objects.ts';
import { isNodeHere } from './own-node.ts';

const machineId = '0123456789abcdef0123456789abcdef';
const here = { machineId, addresses: ['192.168.1.50', '10.42.0.1', 'fd00::50'] };
const node = (machineID: string, type: string, address: string) =>
  ({ metadata: { name: 'n' }, status: { nodeInfo: { machineID }, addresses: [{ type, address }] } }) as Node;
const other = node('f'.repeat(32), 'InternalIP', '192.168.1.51');

it.each<[string, Node[], typeof here, boolean]>([
  ['one node, this computer', [node(machineId, 'InternalIP', '192.168.1.50')], here, true],
  ['one of several', [other, node(machineId, 'InternalIP', 'fd00::50')], here, true],
  ['a machine of a copied image elsewhere', [node(machineId, 'InternalIP', '192.168.1.77')], here, false],
  [
    'a node of another network with the same address',
    [node('f'.repeat(32), 'InternalIP', '192.168.1.50')],
    here,
    false,
  ],
  ['a name that looks like an address', [node(machineId, 'Hostname', '192.168.1.50')], here, false],
  ['no number on either side', [node('', 'InternalIP', '192.168.1.50')], { ...here, machineId: '' }, false],
  ['a node that says nothing yet', [{ metadata: { name: 'n' } } as Node], here, false],
  ['nobody', [], here, false],
])('%s: %s', (_, nodes, computer, expected) => {
  expect(isNodeHere(nodes, computer)).toBe(expected);
});
