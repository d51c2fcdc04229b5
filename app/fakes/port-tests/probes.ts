/** What every probe must do: answer within its deadline, and tell "there is none" from "nobody answers". */
import { describe, expect, it } from 'vitest';
import type { LaptopProbe, ResolverProbe } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface ResolverProbeSetting {
  readonly port: ResolverProbe;
  /** A server that knows `known` as 10.96.0.1 and nothing else. */
  readonly server: string;
  readonly known: string;
  /** One that never answers. */
  readonly silent: string;
  close(): Promise<void>;
}

export function testResolverProbe(name: string, make: () => Promise<ResolverProbeSetting>): void {
  describe(`resolver probe: ${name}`, () => {
    const start = closedAfterEach(make);

    it('asks the system’s own way', async () => {
      const { port } = await start();
      const asked = await port.ask('', 'localhost');
      expect(asked.ok && asked.value.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
    });

    it('asks one server, and tells that a name does not exist', async () => {
      const { port, server, known } = await start();
      expect(await port.ask(server, known)).toEqual({ ok: true, value: ['10.96.0.1'] });
      expect(await port.ask(server, 'nothing.invalid')).toEqual({ ok: true, value: [] });
    });

    it('tells that a server does not answer, or is none', async () => {
      const { port, silent, known } = await start();
      for (const resolver of [silent, 'no address']) {
        expect(await port.ask(resolver, known)).toMatchObject({ ok: false, problem: { code: 'resolver-silent' } });
      }
    });
  });
}

export interface LaptopProbeSetting {
  readonly port: LaptopProbe;
  /** Puts an interface, a route and a nameserver of ours on the laptop. */
  change(): Promise<void>;
  close(): Promise<void>;
}

export function testLaptopProbe(name: string, make: () => Promise<LaptopProbeSetting>): void {
  describe(`laptop probe: ${name}`, () => {
    const start = closedAfterEach(make);

    it('sees nothing of ours where nothing is, and everything that is', async () => {
      const { port, change } = await start();
      expect(await port.traces()).toEqual({ interfaces: [], routes: [], resolvers: [] });
      expect(await port.interfaces()).toEqual(['lo', 'eth0']);
      await change();
      expect(await port.interfaces()).toEqual(['lo', 'eth0', expect.stringMatching(/^slipway/)]);
      const { interfaces, routes, resolvers } = await port.traces();
      expect(interfaces).toEqual([expect.stringMatching(/^slipway/)]);
      expect(routes).toEqual([expect.stringMatching(/^10\.96\.0\.0\//)]);
      expect(resolvers).toEqual([expect.stringMatching(/^198\.18\./)]);
    });
  });
}
