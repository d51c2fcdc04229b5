/**
 * The streams of the contract: who listens to what. Each subscription has a source that knows what was told last, and
 * a pump that brings the difference. Streams about a connection end when it is switched off or failed.
 */

import {
  type ActivityEntry,
  type Counters,
  failure,
  type Problem,
  problem,
  type Result,
  type StreamItem,
  type StreamName,
  streams,
  success,
} from '../../contract/index.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { ConnectionState } from '../connection/state.ts';
import type { FlowsNow } from '../flows/flow-watch.ts';
import type { BenchPort, Catalogue, Clock, PodList } from '../ports.ts';
import { createBenches } from './bench.ts';
import { flowsSource } from './flows.ts';
import { type Pump, type Source, startPump } from './pump.ts';
import { podsSource, servicesSource } from './services.ts';

export interface Subscription {
  /** Ends it silently. */
  end(): void;
  /** Nothing comes until resume; what happens meanwhile comes gathered. */
  pause(): void;
  resume(): void;
}

interface Subject {
  state(): ConnectionState;
  catalogue(): Catalogue | null;
  pods(): PodList | null;
  /** Pods are watched until what it answers is called. */
  holdPods(): () => void;
  flows(): FlowsNow | null;
  /** Flows are watched until what it answers is called. */
  holdFlows(): () => void;
}

/** What the streams read; all of it as it is now. */
export interface Subjects {
  /** The connection of a context, of this file where one is given; null where it never was on. */
  connection(context: string, file: string): Subject | null;
  /** Entries of the activity with an id above this one, oldest first. */
  activityAfter(id: number): readonly ActivityEntry[];
}

export interface Streams {
  /** `input` is not checked yet. A refusal is answered; where the subject is not there, `ended` is heard soon. */
  subscribe<Name extends StreamName>(
    stream: Name,
    input: unknown,
    listener: (item: StreamItem<Name>) => void,
    ended: (because: Problem | null) => void,
  ): Result<Subscription>;
  /** Something that a stream tells of may have changed. */
  changed(): void;
  /** Ends every subscription. */
  close(): void;
}

interface Opened {
  readonly source: Source<unknown>;
  /** True when no items will come any more. */
  readonly isOver: () => boolean;
  /** Nobody listens any more. */
  readonly release?: () => void;
}

interface Open {
  readonly opened: Opened;
  readonly pump: Pump;
  readonly over: () => void;
}

export function createStreams(clock: Clock, subjects: Subjects, bench: BenchPort): Streams {
  const open = new Set<Open>();
  const benches = createBenches(bench, () => [...open].forEach(consider));

  const aboutConnection = (connection: () => Subject | null, source: Source<unknown>): Opened => ({
    source,
    isOver: () => !isOn(connection()?.state()),
  });

  function openSource(stream: StreamName, input: unknown): Opened | null {
    if (stream === 'activity') {
      return streams.activity.input.safeParse(input).success
        ? { source: activitySource(subjects.activityAfter), isOver: () => false }
        : null;
    }
    if (stream === 'bench') {
      const asked = streams.bench.input.safeParse(input).data;
      return asked === undefined
        ? null
        : benches(() => subjects.connection(asked.context, asked.file)?.state(), asked.seconds);
    }
    const parsed = streams[stream].input.safeParse(input);
    if (!parsed.success) {
      return null;
    }
    const { context, file } = parsed.data;
    const connection = () => subjects.connection(context, file);
    switch (stream) {
      case 'services':
        return aboutConnection(
          connection,
          servicesSource(() => connection()?.catalogue() ?? null),
        );
      case 'pods': {
        const release = connection()?.holdPods();
        const opened = aboutConnection(
          connection,
          podsSource(() => connection()?.pods() ?? null),
        );
        return release === undefined ? opened : { ...opened, release };
      }
      case 'flows': {
        const release = connection()?.holdFlows();
        const opened = aboutConnection(
          connection,
          flowsSource(
            () => connection()?.flows() ?? null,
            () => connection()?.catalogue()?.services ?? null,
          ),
        );
        return release === undefined ? opened : { ...opened, release };
      }
      case 'counters':
        return aboutConnection(
          connection,
          countersSource(() => connection()?.state()),
        );
    }
  }

  const end = (one: Open) => {
    one.pump.end();
    one.opened.release?.();
    open.delete(one);
  };
  const consider = (one: Open) => {
    if (one.opened.isOver()) {
      end(one);
      one.over();
    } else {
      one.pump.changed();
    }
  };

  return {
    subscribe: (stream, input, listener, ended) => {
      const opened = openSource(stream, input);
      if (opened === null) {
        return failure(problem('message-malformed', `the stream ${stream} cannot be read with this input`));
      }
      const one: Open = {
        opened,
        // The source was made for this very stream.
        pump: startPump(clock, opened.source, listener as (item: unknown) => void),
        over: () => ended(null),
      };
      open.add(one);
      consider(one);
      return success({
        end: () => end(one),
        pause: one.pump.pause,
        resume: one.pump.resume,
      });
    },
    changed: () => [...open].forEach(consider),
    close: () => {
      for (const one of [...open]) {
        end(one);
        one.over();
      }
    },
  };
}

/** On, or on its way there. */
function isOn(state: ConnectionState | undefined): boolean {
  return state !== undefined && (state.phase === 'preparing' || isEstablished(state));
}

function countersSource(state: () => ConnectionState | undefined): Source<Counters> {
  let told: Counters | null = null;
  return {
    next: () => {
      const present = state();
      if (present === undefined || !isEstablished(present) || present.live.counters === told) {
        return null;
      }
      told = present.live.counters;
      return { item: told, more: false };
    },
  };
}

function activitySource(after: Subjects['activityAfter']): Source<StreamItem<'activity'>> {
  let lastId = -1;
  let isFirst = true;
  return {
    next: () => {
      const entries = [...after(lastId)];
      if (entries.length === 0 && !isFirst) {
        return null;
      }
      isFirst = false;
      lastId = entries.at(-1)?.id ?? lastId;
      return { item: { entries }, more: false };
    },
  };
}
