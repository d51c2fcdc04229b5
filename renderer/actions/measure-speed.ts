import { Gauge } from 'lucide-react';
import { benchObjection, connectionOf } from '../../app/contract/index.ts';
import type { Action } from './action.ts';

/** Measures how fast the chosen connection is; it moves as much as it can for a while. */
export const measureSpeed: Action = {
  id: 'measure-speed',
  words: 'actions.measureSpeed',
  group: 'connection',
  icon: Gauge,
  isAvailable: ({ app }) => {
    const { snapshot, link } = app.mirror.getState();
    const connection = connectionOf(snapshot, app.window.getState().chosen) ?? null;
    return (
      link.kind === 'live' && benchObjection(connection) === null && app.bench.store.getState().state !== 'measuring'
    );
  },
  run: ({ app }) => {
    const { chosen } = app.window.getState();
    if (chosen !== null) {
      app.window.setState({ view: 'cluster', tab: 'agent' });
      app.bench.start(chosen);
    }
  },
};
