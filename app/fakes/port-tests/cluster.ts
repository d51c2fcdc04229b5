/** What every ClusterPort must do. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentSpec, Catalogue, ClusterPort, PodList } from '../../core/ports.ts';

/** A cluster with the namespace of `spec`, at least one Service with a ready endpoint in it, and no agent. */
export interface ClusterSetting {
  readonly port: ClusterPort;
  readonly spec: AgentSpec;
  /** Jobs and pods of ours that exist. */
  countAgents(): Promise<number>;
  /** Services of type NodePort of ours. */
  countDirectServices(): Promise<number>;
  /** Ends the agent's process in its pod, or deletes the pod. */
  endAgents(): Promise<void>;
  /** Takes a Service away or adds one, so that the catalogue differs. */
  changeServices(): Promise<void>;
  /** Adds a pod, so that the list differs. */
  changePods(): Promise<void>;
  close(): Promise<void>;
}

export function testCluster(name: string, make: () => Promise<ClusterSetting>): void {
  describe(`cluster: ${name}`, () => {
    const open: ClusterSetting[] = [];
    const start = async () => {
      const setting = await make();
      open.push(setting);
      return setting;
    };
    afterEach(async () => {
      for (const setting of open.splice(0)) {
        setting.port.close();
        await setting.close();
      }
    });
    const never = new AbortController().signal;

    it('is reached, and tells its ranges, namespaces and Services', async () => {
      const { port, spec } = await start();
      const reached = await port.reach();
      expect(reached.ok && reached.value.version).toMatch(/^v1\./);
      const ranges = await port.discoverRanges();
      expect(ranges.ok && new Set(ranges.value.map(({ kind }) => kind))).toEqual(new Set(['services', 'pods']));
      const namespaces = await port.listNamespaces();
      expect(namespaces.ok && namespaces.value).toMatchObject({ complete: true });
      expect(namespaces.ok && namespaces.value.namespaces).toContain(spec.namespace);
      const catalogue = await port.listCatalogue([spec.namespace]);
      expect(catalogue.ok && catalogue.value.services.length).toBeGreaterThan(0);
      const elsewhere =
        catalogue.ok && catalogue.value.services.filter(({ namespace }) => namespace !== spec.namespace);
      expect(elsewhere).toEqual([]);
      const headless = await port.listHeadless(spec.namespace);
      const services = catalogue.ok ? catalogue.value.services : [];
      const names = services.filter((service) => service.headless).map(({ name }) => name);
      expect(headless).toEqual({ ok: true, value: names });
    });

    it('protects the address that it is reached at', async () => {
      const { port } = await start();
      const addresses = await port.protectedAddresses();
      expect(addresses.length).toBeGreaterThan(0);
      expect(addresses.filter((address) => !/^[\d.]+$|:/.test(address))).toEqual([]);
    });

    it('tells the same secret of its owner each time', async () => {
      const { port } = await start();
      const secret = await port.ownerSecret();
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(await port.ownerSecret()).toBe(secret);
    });

    it('gives credentials, again when they are refused', async () => {
      const { port } = await start();
      expect(await port.credentials(false)).toMatchObject({ ok: true });
      expect(await port.credentials(true)).toMatchObject({ ok: true });
    });

    it('tells the catalogue, and each change of it, until the watch ends', async () => {
      const setting = await start();
      const heard: Catalogue[] = [];
      const end = setting.port.watchCatalogue((catalogue) => heard.push(catalogue));
      const namesOf = (catalogue: Catalogue | undefined) =>
        catalogue?.services.map((service) => `${service.namespace}/${service.name}`).toSorted();
      await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(0);
      const before = namesOf(heard.at(-1));
      await setting.changeServices();
      const [first] = heard;
      await expect.poll(() => namesOf(heard.at(-1)), { timeout: 10_000 }).not.toEqual(before);
      end();
      const keys = heard.at(-1)?.services.map(({ namespace, name }) => `${namespace} ${name}`);
      expect(keys, 'sorted by namespace and name').toEqual(keys?.toSorted());
      const kept = first?.services.filter((service) => heard.at(-1)?.services.includes(service));
      expect(kept?.length, 'what did not change is the same object').toBeGreaterThan(0);
      const count = heard.length;
      await setting.changeServices();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(heard.length).toBe(count);
    });

    it('lists pods, and tells each change of them until the watch ends', async () => {
      const setting = await start();
      const { port, spec } = setting;
      const listed = await port.listPods([spec.namespace]);
      const pods = listed.ok ? listed.value.pods : expect.fail(listed.problem.cause);
      expect(pods.map(({ namespace }) => namespace)).toContain(spec.namespace);
      expect(new Set(pods.map(({ namespace }) => namespace)).size).toBe(1);
      expect(pods.filter(({ addresses, ready, total }) => addresses.length > 0 && ready <= total)).not.toEqual([]);
      const heard: PodList[] = [];
      const end = port.watchPods((list) => heard.push(list));
      const namesOf = (list: PodList | undefined) => list?.pods.map(({ namespace, name }) => `${namespace} ${name}`);
      await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(0);
      const before = namesOf(heard.at(-1));
      expect(before, 'sorted by namespace and name').toEqual(before?.toSorted());
      const [first] = heard;
      await setting.changePods();
      await expect.poll(() => namesOf(heard.at(-1)), { timeout: 10_000 }).not.toEqual(before);
      const kept = first?.pods.filter((pod) => heard.at(-1)?.pods.includes(pod));
      expect(kept?.length, 'what did not change is the same object').toBeGreaterThan(0);
      end();
      const count = heard.length;
      await setting.changePods();
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(heard.length).toBe(count);
    });

    it('offers no domain of the cluster itself', async () => {
      const { port } = await start();
      const found = await port.stubDomains('cluster.local');
      expect(found).toMatchObject({ ok: true });
      expect(found.ok && found.value).not.toContain('cluster.local');
    });

    it('places an agent that lives until it is deleted, and with it all that it owns', async () => {
      const setting = await start();
      const { port, spec } = setting;
      const placed = await port.placeAgent(spec, () => {}, never);
      if (!placed.ok) {
        throw new Error(`${placed.problem.code}: ${placed.problem.cause}`);
      }
      expect(placed.value.target).toMatchObject({ namespace: spec.namespace, pod: placed.value.agent.pod });
      expect(await port.agentLives(placed.value)).toEqual({ ok: true, value: true });
      expect(await port.agentEnd(placed.value)).toEqual({ ok: true, value: null });
      expect(await port.deleteAgent(placed.value)).toEqual({ ok: true, value: null });
      expect(await setting.countAgents()).toBe(0);
      expect(await port.agentEnd(placed.value)).toEqual({ ok: true, value: null });
      expect(await port.agentLives(placed.value)).toEqual({ ok: true, value: false });
      expect(await port.deleteAgent(placed.value)).toEqual({ ok: true, value: null });
    });

    it('makes a Service for the direct path by the user’s word only, and deletes it with that and with the agent', async () => {
      const setting = await start();
      const { port, spec } = setting;
      const placed = await port.placeAgent(spec, () => {}, never);
      const agent = placed.ok ? placed.value : expect.fail(placed.problem.cause);
      const kindsOf = async (nodePort: boolean) => {
        const offered = await port.offerDirect(agent, nodePort);
        return offered.ok
          ? new Set(offered.value.candidates.map(({ kind }) => kind))
          : expect.fail(offered.problem.cause);
      };
      expect(await kindsOf(false)).toEqual(new Set(['pod']));
      expect(await setting.countDirectServices()).toBe(0);
      expect(await kindsOf(true)).toEqual(new Set(['pod', 'node']));
      expect(await kindsOf(true)).toEqual(new Set(['pod', 'node']));
      expect(await setting.countDirectServices()).toBe(1);
      expect(await kindsOf(false)).toEqual(new Set(['pod']));
      expect(await setting.countDirectServices()).toBe(0);
      await kindsOf(true);
      await port.deleteAgent(agent);
      expect(await setting.countDirectServices()).toBe(0);
    });

    it('knows when the agent is gone by itself', async () => {
      const setting = await start();
      const { port } = setting;
      const placed = await port.placeAgent(setting.spec, () => {}, never);
      if (!placed.ok) {
        throw new Error(`${placed.problem.code}: ${placed.problem.cause}`);
      }
      await setting.endAgents();
      await expect.poll(() => port.agentLives(placed.value), { timeout: 10_000 }).toEqual({ ok: true, value: false });
      await port.deleteAgent(placed.value);
    });

    it.each([0, 5, 50])('leaves nothing of an agent that is aborted after %i ms', async (milliseconds) => {
      const setting = await start();
      const abort = new AbortController();
      const placing = setting.port.placeAgent(setting.spec, () => {}, abort.signal);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      abort.abort();
      const placed = await placing;
      if (placed.ok) {
        await setting.port.deleteAgent(placed.value); // it was there before the abort was heard
      }
      await expect.poll(() => setting.countAgents(), { timeout: 10_000 }).toBe(0);
    });

    it('finds its own agents while they are there', async () => {
      const setting = await start();
      const placed = await setting.port.placeAgent(setting.spec, () => {}, never);
      if (!placed.ok) {
        throw new Error(placed.problem.cause);
      }
      const found = await setting.port.findAgents(setting.spec.namespace);
      expect(found.ok && found.value.ours.length).toBe(1);
      await setting.port.deleteAgent(placed.value);
      await expect
        .poll(async () => setting.port.findAgents(setting.spec.namespace), { timeout: 10_000 })
        .toMatchObject({ ok: true, value: { ours: [] } });
    });

    it('may be closed twice', async () => {
      const { port } = await start();
      port.close();
      port.close();
    });
  });
}
