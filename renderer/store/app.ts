/**
 * All stores of one window, wired: streams follow the connection, the first look chooses a cluster. Components reach it
 * by the hooks of store/hooks.ts, actions get it as their context.
 */
import {
  type ContextKey,
  isEstablished,
  isSameKey,
  keyOf,
  notOff,
  type Pod,
  type Service,
  type Snapshot,
} from '../../app/contract/index.ts';
import type { HostAbilities } from '../host/host.ts';
import { type ActivityStore, createActivity } from './activity.ts';
import { type BenchFeed, createBench } from './bench.ts';
import { type CountersFeed, createCounters } from './counters.ts';
import { createFlows, type FlowsFeed } from './flows.ts';
import { createInquiries, type Inquiries, lookAnewWhenOff } from './inquiries.ts';
import type { ListFeed } from './list-feed.ts';
import { createListOnScreen, type ListOnScreen } from './list-on-screen.ts';
import { createListedPods, createListedServices, type ListedFeed } from './listed-services.ts';
import { type ContextsStore, contextKey, createContexts, createSettings, type SettingsFeed } from './listings.ts';
import { createMirror, type MirrorStore } from './mirror.ts';
import { createServiceTests, type ServiceTestsFeed } from './service-tests.ts';
import { createPods, createServices } from './services.ts';
import { createToasts, type ToastsStore } from './toasts.ts';
import { createWindow, lookOf, nothingOpen, type Storage, type WindowState, type WindowStore } from './window.ts';

export interface App {
  readonly host: HostAbilities;
  readonly mirror: MirrorStore;
  readonly contexts: ContextsStore;
  readonly settings: SettingsFeed;
  readonly services: ListFeed<Service>;
  readonly listedServices: ListedFeed<Service>;
  /** Followed only while they are looked at. */
  readonly pods: ListFeed<Pod>;
  readonly listedPods: ListedFeed<Pod>;
  /** Followed only while they are looked at. */
  readonly flows: FlowsFeed;
  readonly listOnScreen: ListOnScreen;
  readonly serviceTests: ServiceTestsFeed;
  readonly counters: CountersFeed;
  readonly bench: BenchFeed;
  readonly inquiries: Inquiries;
  readonly activity: ActivityStore;
  readonly window: WindowStore;
  readonly toasts: ToastsStore;
  stop(): void;
}

export function createApp(host: HostAbilities, storage: Storage | null): App {
  const { store: mirror, stop: stopMirror } = createMirror(host.link);
  const { store: contexts, stop: stopContexts } = createContexts(host.link, mirror);
  const settings = createSettings(host.link, mirror);
  const { store: activity, stop: stopActivity } = createActivity(host.link);
  const services = createServices(host.link);
  const pods = createPods(host.link);
  const counters = createCounters(host.link);
  const flows = createFlows(host.link);
  const bench = createBench(host.link);
  const window = createWindow(storage);
  const inquiries = createInquiries(host.link);

  let followed: ContextKey | null = null;
  const follow = () => {
    const subject = streamSubject(mirror.getState().snapshot, window.getState().chosen);
    if (!isSameKey(subject, followed)) {
      const before = followed;
      followed = subject;
      if (before !== null) {
        // What was open of it ends with it, and does not come back over whatever one does then.
        window.setState(nothingOpen);
        inquiries.resolvers.forget();
      }
      services.follow(subject);
      counters.follow(subject);
    }
    const looked = looksAtPods(window.getState()) ? subject : null;
    if (!isSameKey(looked, pods.store.getState().context)) {
      pods.follow(looked);
    }
    const watched = window.getState().view === 'flows' ? subject : null;
    if (!isSameKey(watched, flows.store.getState().context)) {
      flows.follow(watched);
    }
  };
  const choose = () => {
    if (window.getState().chosen === null) {
      const chosen = firstChoice(mirror.getState().snapshot, contexts.getState().contexts.map(contextKey));
      if (chosen !== null) {
        window.setState({ chosen });
      }
    }
  };
  const rememberLook = () => {
    const known = settings.store.getState().settings;
    if (known !== null) {
      window.setState({ look: lookOf(known) });
    }
  };
  follow();
  choose();
  const ends = [
    lookAnewWhenOff(mirror, inquiries),
    mirror.subscribe(follow),
    window.subscribe(follow),
    mirror.subscribe(choose),
    contexts.subscribe(choose),
    settings.store.subscribe(rememberLook),
    stopContexts,
    settings.stop,
    stopActivity,
    stopMirror,
  ];
  return {
    host,
    mirror,
    contexts,
    settings,
    services,
    listedServices: createListedServices(host.link),
    pods,
    listedPods: createListedPods(host.link),
    flows,
    listOnScreen: createListOnScreen(),
    serviceTests: createServiceTests(host.link),
    counters,
    bench,
    inquiries,
    activity,
    window,
    toasts: createToasts(),
    stop: () => {
      services.follow(null);
      pods.follow(null);
      flows.follow(null);
      bench.stop();
      counters.follow(null);
      for (const end of ends) {
        end();
      }
    },
  };
}

/** The core asks the cluster for pods only while somebody looks: at their list, or for one by its name. */
const looksAtPods = ({ view, tab, isPaletteOpen }: WindowState): boolean =>
  (view === 'cluster' && tab === 'pods') || isPaletteOpen;

/**
 * Streams live while a connection is up or comes back by itself: a short loss empties no table. They are of the chosen
 * one where that is up, else of one that is.
 */
function streamSubject(snapshot: Snapshot | null, chosen: ContextKey | null): ContextKey | null {
  const established = notOff(snapshot).filter(isEstablished).map(keyOf);
  return established.find((key) => isSameKey(key, chosen)) ?? established[0] ?? null;
}

function firstChoice(snapshot: Snapshot | null, keys: readonly ContextKey[]): ContextKey | null {
  const [active] = notOff(snapshot);
  return active === undefined ? (keys[0] ?? null) : keyOf(active);
}
