/**
 * Services that are hard on a window: hostile ones whose every text is one of tests/gui/hostile-names.json, and a stir
 * that changes many a second. The same each time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareServiceKeys, type Service } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';
import type { FakeCluster } from './cluster.ts';
import { scatter } from './traffic.ts';

/** What a cluster's text may be at its worst: 200 texts, no two the same. */
function readHostileNames(): string[] {
  const file = join(import.meta.dirname, '../../tests/gui/hostile-names.json');
  return JSON.parse(readFileSync(file, 'utf8')) as string[];
}

/** One Service for each of the hostile names, which stands in every field that a window shows; every third in a namespace of it. */
export function hostileServices(names: readonly string[] = readHostileNames()): Service[] {
  return names.map(hostileService).sort(compareServiceKeys);
}

/**
 * Changes so many Services a second until it is ended: most get another readiness, some go and come back. Ten times a
 * second, so that gathering has something to gather.
 */
export function stir(cluster: FakeCluster, clock: Clock, perSecond: number): () => void {
  let cancel = () => {};
  let round = 0;
  let due = 0;
  const gone: Service[] = [];
  const step = () => {
    cancel = clock.after(100, step);
    due += perSecond / 10;
    const services = [...cluster.services];
    for (; due >= 1; due -= 1) {
      round += 1;
      const index = services.length === 0 ? 0 : scatter(round) % services.length;
      const one = services[index];
      if (round % 10 === 0) {
        services.push(...gone.splice(0, 1));
      } else if (round % 10 === 5) {
        gone.push(...services.splice(index, 1));
      } else if (one !== undefined) {
        services[index] = changeOf(one, round);
      }
    }
    cluster.services = services;
    cluster.changed();
  };
  cancel = clock.after(100, step);
  return () => cancel();
}

function changeOf(service: Service, round: number): Service {
  const changing = round % Math.max(service.endpoints.length, 1);
  const endpoints = service.endpoints.map((endpoint, index) =>
    index === changing ? { ...endpoint, ready: !endpoint.ready } : endpoint,
  );
  return revised({ ...service, endpoints }, round);
}

/** With a revision that `stir` counts on: what changes keeps its size, so that what grows is whoever looks on. */
export function revised(service: Service, round = 0): Service {
  return { ...service, labels: { ...service.labels, revision: String(round).padStart(9, '0') } };
}

function hostileService(text: string, index: number): Service {
  const isExternal = index % 7 === 6;
  return {
    namespace: index % 3 === 0 ? text : 'hostile',
    name: text,
    type: isExternal ? 'ExternalName' : 'ClusterIP',
    addresses: isExternal ? [] : [`10.99.0.${index & 255}`],
    headless: false,
    externalName: isExternal ? text : '',
    ports: [
      {
        name: text,
        port: 80,
        protocol: 'TCP',
        targetPort: text,
        nodePort: null,
        application: index % 2 === 0 ? 'http' : text,
      },
    ],
    endpoints: isExternal
      ? []
      : [{ address: `10.244.99.${index & 255}`, ready: index % 2 === 0, pod: text, node: text }],
    labels: { [text]: text, app: 'hostile' },
    createdAt: 0,
  };
}
