/** What the handlers of commands work with, and the form that each has. */
import type {
  CommandArguments,
  CommandName,
  CommandOutput,
  Result,
  Settings,
  Snapshot,
  Wanted,
} from '../../contract/index.ts';
import type { Activity } from '../activity/activity.ts';
import type { Logins } from '../clusters/logins.ts';
import type { Confirmations } from '../clusters/opening.ts';
import type { Connections } from '../connections.ts';
import type { ContextRecord, KubeconfigPort, Ports } from '../ports.ts';
import type { Jobs } from '../work/jobs.ts';

export interface Dependencies {
  /** Its kubeconfig port acts for the caller that these are for. */
  readonly ports: Ports;
  readonly connections: Connections;
  readonly trusted: Set<string>;
  readonly build: string;
  readonly activity: Activity;
  /** Long work; the core lives on while some is under way. */
  readonly jobs: Jobs;
  readonly logins: Logins;
  /** Aborted when the frontend that these are for has gone: nobody waits for a login any more. */
  readonly gone?: AbortSignal;
  settings(): Settings;
  /**
   * Keeps and puts in force what `change` makes of the settings, and answers them; a problem where they could not be kept.
   * One change after the other: one that comes while another is being kept is made to what that one left.
   */
  changeSettings(change: (before: Settings) => Result<Settings>): Promise<Result<Settings>>;
  /** The kubeconfig port as the core itself has it. */
  readonly ownKubeconfig: KubeconfigPort;
  /** Files that are read besides the caller's own: added ones, and for the core itself those of what is wanted. */
  kubeconfigFiles(): readonly string[];
  /** Switching happens in the order that it was asked for, so that a disconnect never overtakes its connect. */
  inOrder<Value>(work: () => Promise<Value>): Promise<Value>;
  wanted(): readonly Wanted[];
  setWanted(wanted: readonly Wanted[]): Promise<void>;
  records(): readonly ContextRecord[];
  /** What openings of clusters are held to. */
  confirmations(): Confirmations;
  setRecords(records: readonly ContextRecord[]): Promise<Result<null>>;
  /** Contexts are to be listed again. */
  contextsChanged(): void;
  snapshot(): Snapshot;
  helperSeen(seen: Result<{ build: string }>): void;
  quit(): void;
}

export type Handlers = {
  readonly [Name in CommandName]: (input: CommandArguments<Name>) => Promise<Result<CommandOutput<Name>>>;
};
