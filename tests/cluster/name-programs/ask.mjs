// Looks names up with Node's `lookup` (the C library's) or `resolve` (c-ares), as its argument says: see ask.go.
// lookup knows A and PTR, resolve also SRV and CNAME.
import { lookup, lookupService, Resolver } from 'node:dns/promises';
import { createInterface } from 'node:readline/promises';

const resolver = new Resolver();
const ways = {
  lookup: {
    A: async (name) => (await lookup(name, { all: true })).filter((one) => one.family === 4).map((one) => one.address),
    PTR: async (address) => [(await lookupService(address, 80)).hostname].filter((name) => name !== address),
  },
  resolve: {
    A: (name) => resolver.resolve4(name),
    CNAME: (name) => resolver.resolveCname(name),
    PTR: (address) => resolver.reverse(address),
    SRV: async (name) => (await resolver.resolveSrv(name)).map((one) => `${one.port} ${one.name}`),
  },
}[process.argv[2]];

for await (const line of createInterface(process.stdin)) {
  const [kind, name] = line.split(' ');
  const found = await ways[kind](name).catch((error) =>
    ['ENOTFOUND', 'ENODATA'].includes(error.code) ? [] : [`failed: ${error.code}`],
  );
  console.log([kind, name, found.join(',')].join('\t'));
}
