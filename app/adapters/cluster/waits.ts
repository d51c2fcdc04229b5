/** What a cluster waits for comes from two sides: its credential plugin, and an API server that is busy. */
import type { Cause } from '../../contract/index.ts';

type Listener = (detail: Cause | null) => void;

/**
 * One listener for both (ClusterPort.watchWaiting). Nobody can log in with words that are gone: while the plugin waits,
 * what the server does meanwhile is not told, and comes after it where it still is the case.
 */
export function waitsToldTo(listener: Listener): { readonly plugin: Listener; readonly server: Listener } {
  let plugin: Cause | null = null;
  let server: Cause | null = null;
  return {
    plugin: (detail) => {
      plugin = detail;
      listener(plugin ?? server);
    },
    server: (detail) => {
      server = detail;
      if (plugin === null) {
        listener(server);
      }
    },
  };
}
