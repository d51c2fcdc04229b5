import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testLaptopProbe, testResolverProbe } from '../../fakes/port-tests/probes.ts';
import { openLaptopProbe } from './laptop-probe.ts';
import { openResolverProbe } from './resolver-probe.ts';

/** A resolver that knows one name (RFC 1035: the question comes back with an answer or with NXDOMAIN). */
async function startResolver(known: string, isSilent = false) {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    if (isSilent) {
      return;
    }
    const labels: string[] = [];
    for (let at = 12; question[at]; at += (question[at] ?? 0) + 1) {
      labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] ?? 0)));
    }
    const isKnown = labels.join('.') === known;
    const header = Buffer.from(question.subarray(0, 12));
    header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(isKnown ? 1 : 0, 6);
    header.writeUInt16BE(0, 10);
    const end = 12 + labels.reduce((sum, label) => sum + label.length + 1, 1) + 4;
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, 1]);
    socket.send(Buffer.concat([header, question.subarray(12, end), ...(isKnown ? [answer] : [])]), from.port);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

testResolverProbe('system', async () => {
  const known = 'kubernetes.default.svc.cluster.local';
  const [server, silent] = [await startResolver(known), await startResolver(known, true)];
  return {
    port: openResolverProbe(),
    server: server.address,
    known,
    silent: silent.address,
    close: async () => {
      await server.close();
      await silent.close();
    },
  };
});

testLaptopProbe('files of Linux', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-traces-'));
  const files = { links: join(folder, 'dev'), routes: join(folder, 'route'), resolver: join(folder, 'resolv.conf') };
  const links = 'Inter-|   Receive\n face |bytes\n    lo: 1 2\n  eth0: 3 4\n';
  const routes =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n';
  await writeFile(files.links, links);
  await writeFile(files.routes, routes);
  await writeFile(files.resolver, '# 198.18.0.3 was here\nnameserver 192.168.1.1\n');
  return {
    port: openLaptopProbe(files),
    change: async () => {
      await writeFile(files.links, `${links}slipway0: 5 6\n`);
      await writeFile(files.routes, `${routes}slipway0\t0000600A\t00000000\t0001\t0\t0\t0\t0000FFFF\n`);
      await writeFile(files.resolver, 'nameserver 198.18.0.3\nnameserver 192.168.1.1\n');
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
});
