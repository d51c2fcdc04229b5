/** A memory host that answers as a core would, over the samples; settings and the switch work. */
import { type Connection, type Settings, type Snapshot, success } from '../../app/contract/index.ts';
import { type MemoryHost, memoryHost } from '../host/memory-host.ts';
import {
  sampleActivity,
  sampleConnected,
  sampleContexts,
  sampleCounters,
  samplePreparing,
  sampleReconnecting,
  sampleServices,
  sampleSettings,
  sampleSnapshot,
} from './samples.ts';

/** What the preview shows, by the query: `?state=preparing&theme=dark&language=zh-CN`. */
export const sampleStates = ['connected', 'preparing', 'reconnecting', 'off', 'lost', 'empty', 'welcome'] as const;
export type SampleState = (typeof sampleStates)[number];

const connectionsOf: Readonly<Record<SampleState, readonly Connection[]>> = {
  connected: sampleSnapshot.connections,
  preparing: [samplePreparing],
  reconnecting: [sampleReconnecting],
  off: [],
  lost: sampleSnapshot.connections,
  empty: [],
  welcome: [],
};

export function sampleHost(state: SampleState, settingsChange: Partial<Settings>): MemoryHost {
  let settings: Settings = { ...sampleSettings, welcomed: state !== 'welcome', ...settingsChange };
  let snapshot: Snapshot = { ...sampleSnapshot, connections: [...connectionsOf[state]] };
  const host = memoryHost({
    snapshot,
    first: {
      services: { kind: 'all', services: [...sampleServices], problems: [] },
      activity: { entries: [...sampleActivity] },
    },
    answers: {
      listContexts: () =>
        success({ contexts: state === 'empty' ? [] : [...sampleContexts], problems: [], warnings: [] }),
      getSettings: () => success(settings),
      changeSettings: (change) => {
        settings = { ...settings, ...(change as Partial<Settings>) };
        return success(settings);
      },
      connect: ({ context }) => {
        const cluster = sampleContexts.find(({ name }) => name === context);
        const key = { context, file: cluster?.file ?? '', server: cluster?.server ?? '' };
        become([{ ...sampleConnected, cluster: key }]);
        const { file } = key;
        return success({
          wanted: { context, file, homeNamespace: '', agentNamespace: '', agentImage: '', baseImage: '' },
          already: false,
        });
      },
      disconnect: () => {
        become([]);
        return success({ leftOnHost: 0 });
      },
    },
  });
  function become(connections: Connection[]): void {
    snapshot = { ...snapshot, revision: snapshot.revision + 1, connections };
    host.setSnapshot(snapshot);
  }
  return host;
}

/** Plays the samples' counters into the host. */
export function playCounters(host: MemoryHost): void {
  for (const counters of sampleCounters) {
    host.push('counters', counters);
  }
}
