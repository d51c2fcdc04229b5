/**
 * Measuring a connection for whoever subscribed: it goes on as long as somebody listens, and nothing of it is left afterwards. One
 * at a time for each connection: two would measure each other.
 */
import {
  type BenchItem,
  benchObjection,
  cause,
  keyText,
  noFigures,
  type PathFigures,
  type Problem,
  problem,
  withFacts,
} from '../../contract/index.ts';
import { isEstablished } from '../connection/outcome.ts';
import { present } from '../connection/present.ts';
import type { ConnectionState } from '../connection/state.ts';
import type { BenchPort } from '../ports.ts';
import type { Source } from './pump.ts';

interface Opened {
  readonly source: Source<BenchItem>;
  readonly isOver: () => boolean;
  readonly release: () => void;
}

export type Benches = (state: () => ConnectionState | undefined, seconds: number) => Opened;

/** `changed` is called when one of them has something new. */
export function createBenches(port: BenchPort, changed: () => void): Benches {
  const underWay = new Set<string>();
  return (state, seconds) => {
    const abort = new AbortController();
    const first = state();
    const path = first !== undefined && isEstablished(first) ? first.live.path : 'apiserver';
    const key = first === undefined ? '' : keyText(first.cluster);
    let item: BenchItem = {
      ...{ state: 'measuring', step: null, figures: noFigures(path), pathChanged: false, problem: null },
      ...port.load(),
    };
    let told: BenchItem | null = null;
    let isHeld = false;
    const facts = { context: first?.cluster.context ?? '' };
    const release = () => {
      abort.abort();
      if (isHeld) {
        isHeld = false;
        underWay.delete(key);
      }
    };
    const fail = (because: Problem) => {
      item = { ...item, state: 'failed', step: null, problem: withFacts(because, facts) };
      release();
    };
    /** Null where it may be measured. */
    const objection = (): Problem | null => {
      const now = state();
      const because = benchObjection(now === undefined ? null : present(now));
      return because === null ? null : problem(because.id === 'benchNeeds' ? 'not-connected' : 'bench-unfit', because);
    };
    const refused = objection();
    if (refused !== null) {
      fail(refused);
    } else if (underWay.has(key)) {
      fail(problem('bench-busy', cause('benchRefused')));
    } else if (first !== undefined && isEstablished(first)) {
      underWay.add(key);
      isHeld = true;
      const { resolver, clusterDomain } = first.live.names;
      const heard = (step: BenchItem['step'], figures: PathFigures) => {
        if (item.state === 'measuring') {
          item = { ...item, step, figures };
          changed();
        }
      };
      const settle = (result: Awaited<ReturnType<BenchPort['measure']>>) => {
        if (item.state === 'measuring') {
          if (result.ok) {
            item = { ...item, state: 'done', step: null, figures: result.value };
            release();
          } else {
            fail(result.problem);
          }
          changed();
        }
      };
      port
        .measure({ path, resolver, clusterDomain }, seconds * 1000, heard, abort.signal)
        .then(settle, () =>
          settle({ ok: false, problem: problem('internal', cause('benchBroken', { reason: 'its process ended' })) }),
        );
    }
    /** At every change, however short: one that went off and on again is another connection. */
    const look = () => {
      const now = state();
      const lost = item.state === 'measuring' ? objection() : null;
      if (lost !== null) {
        fail(lost);
      } else if (item.state === 'measuring' && now !== undefined && isEstablished(now) && now.live.path !== path) {
        item = item.pathChanged ? item : { ...item, pathChanged: true };
      }
    };
    return {
      release,
      isOver: () => {
        look();
        return false; // how it ended is told
      },
      source: {
        next: () => {
          if (item === told) {
            return null;
          }
          told = item;
          return { item, more: false };
        },
      },
    };
  };
}
