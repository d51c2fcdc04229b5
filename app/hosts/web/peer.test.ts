import { expect, it } from 'vitest';
import { ownerOf } from './peer.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 20 4 30 10 -1
   2: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 13 1 0 20 4 30 10 -1
   3: 0100007F:C002 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
`;

it('finds whose the other end of a connection is', () => {
  expect(ownerOf(table, '127.0.0.1:49153', '127.0.0.1:8080')).toBe(1001);
  expect(ownerOf(table, '127.0.0.1:8080', '127.0.0.1:49153')).toBe(1000); // our own end
});

it('knows no owner of a connection that is not there, or that its owner has closed', () => {
  expect(ownerOf(table, '127.0.0.1:49155', '127.0.0.1:8080')).toBeNull();
  expect(ownerOf(table, '127.0.0.2:49153', '127.0.0.1:8080')).toBeNull();
  expect(ownerOf(table, '127.0.0.1:49154', '127.0.0.1:8080')).toBeNull();
});
