import { describe, expect, it } from 'vitest';
import { problem, type Service } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { knownCount } from './list-feed.ts';
import { createServices } from './services.ts';

const context = { context: 'test', file: '/kubeconfig' };
const service = (namespace: string, name: string, ready = 1): Service => ({
  namespace,
  name,
  type: 'ClusterIP',
  addresses: ['10.96.0.1'],
  headless: false,
  externalName: '',
  ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: '8080', nodePort: null, application: '' }],
  endpoints: Array.from({ length: ready }, (_, index) => ({
    address: `10.1.0.${index}`,
    ready: true,
    pod: 'p',
    node: 'n',
  })),
  labels: {},
  createdAt: 0,
});

/** A feed whose frames come when the test says so. */
function feed() {
  const host = memoryHost({});
  const frames: (() => void)[] = [];
  const services = createServices(host.link, (callback) => frames.push(callback));
  return {
    host,
    services,
    frames,
    rows: () => services.store.getState().rows,
    names: () => services.store.getState().rows.map(({ namespace, name }) => `${namespace}/${name}`),
    frame: () => {
      for (const callback of frames.splice(0)) {
        callback();
      }
    },
  };
}

const all = (...services: Service[]) => ({ kind: 'all' as const, services, problems: [] });
const changes = (changed: Service[], removed: { namespace: string; name: string }[] = []) => ({
  kind: 'changes' as const,
  changed,
  removed,
  problems: [],
});

describe('services', () => {
  it('are counted where they may be listed: none is not the same as none that one may see', () => {
    const { host, services, frame } = feed();
    services.follow(context);
    const count = () => knownCount(services.store.getState());
    expect(count(), 'nothing came yet').toBeNull();
    host.push('services', all());
    frame();
    expect(count()).toBe(0);
    host.push('services', { ...all(), problems: [problem('forbidden', 'services is forbidden')] });
    frame();
    expect(count()).toBeNull();
    host.push('services', { ...all(service('web', 'a')), problems: [problem('forbidden', 'in another namespace')] });
    frame();
    expect(count()).toBe(1);
  });

  it('stand in order of namespace and name', () => {
    const { host, services, frame, names } = feed();
    services.follow(context);
    expect(services.store.getState().state).toBe('loading');
    host.push('services', all(service('web', 'b'), service('infra', 'z'), service('web', 'a')));
    frame();
    expect(names()).toEqual(['infra/z', 'web/a', 'web/b']);
    expect(services.store.getState()).toMatchObject({ state: 'present', namespaces: ['infra', 'web'] });
  });

  it('gather what comes between two frames, and draw once', () => {
    const { host, services, frames, frame, names } = feed();
    services.follow(context);
    host.push('services', all(service('web', 'a')));
    frame();
    let drawn = 0;
    services.store.subscribe(() => {
      drawn += 1;
    });
    for (let count = 0; count < 50; count += 1) {
      host.push('services', changes([service('web', `new-${count}`)]));
    }
    host.push('services', changes([], [{ namespace: 'web', name: 'a' }]));
    expect(frames).toHaveLength(1);
    frame();
    expect(drawn).toBe(1);
    expect(names()).toHaveLength(50);
    expect(names()).not.toContain('web/a');
  });

  it('keep the identity of every row that did not change', () => {
    const { host, services, frame, rows } = feed();
    services.follow(context);
    const many = Array.from({ length: 10_000 }, (_, index) => service(`team-${index % 40}`, `service-${index}`));
    host.push('services', all(...many));
    frame();
    const before = rows();
    const { namespaces } = services.store.getState();
    const touched = many.slice(0, 50).map(({ namespace, name }) => service(namespace, name, 3));
    // Told again without a change: these must not be drawn.
    const same = many.slice(100, 150).map((one) => structuredClone(one));
    host.push('services', changes([...touched, ...same]));
    frame();
    expect(rows().filter((row, index) => row !== before[index])).toHaveLength(50);
    expect(services.store.getState().namespaces).toBe(namespaces);
    // A whole list after a lost link: the rows are the same ones.
    const present = rows();
    host.push('services', all(...present.map((one) => structuredClone(one))));
    frame();
    expect(rows().every((row, index) => row === present[index])).toBe(true);
  });

  it('keep the parts that did not change of a row that did', () => {
    const { host, services, frame, rows } = feed();
    services.follow(context);
    host.push('services', all(service('web', 'a', 3)));
    frame();
    const [before] = rows();
    const now = structuredClone(before ?? service('web', 'a'));
    const moved = { ...now, endpoints: now.endpoints.map((one, place) => ({ ...one, ready: place !== 1 })) };
    host.push('services', changes([moved]));
    frame();
    const [after] = rows();
    expect(after).toEqual(moved);
    expect(after?.ports).toBe(before?.ports);
    expect(after?.endpoints.map((one, place) => one === before?.endpoints[place])).toEqual([true, false, true]);
  });

  it('find one by its key', () => {
    const { host, services, frame } = feed();
    services.follow(context);
    host.push('services', all(service('web', 'a')));
    frame();
    expect(services.find({ namespace: 'web', name: 'a' })?.name).toBe('a');
    expect(services.find({ namespace: 'web', name: 'b' })).toBeNull();
  });

  it('forget everything when another context is followed, and what still comes of the old one', () => {
    const { host, services, frame, rows } = feed();
    services.follow(context);
    host.push('services', all(service('web', 'a')));
    services.follow(null);
    frame();
    expect(rows()).toEqual([]);
    expect(services.store.getState().state).toBe('idle');
    expect(host.subscriptionsOf('services')).toEqual([]);
  });

  it('say that the core ended the stream', () => {
    const { host, services, frame } = feed();
    services.follow(context);
    host.push('services', all(service('web', 'a')));
    frame();
    host.endStream('services', null);
    expect(services.store.getState().state).toBe('ended');
  });
});
