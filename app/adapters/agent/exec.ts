/** A program that runs in a container, however it is reached (k8s.io/apimachinery/pkg/util/remotecommand). */

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** How the program ended: metav1.Status, "Success" or "Failure". */
export interface ExecStatus {
  readonly succeeded: boolean;
  readonly message: string;
}

export interface ExecHooks {
  output(chunk: Buffer): void;
  errors(chunk: Buffer): void;
  ended(status: ExecStatus): void;
  /** The connection ended, whether or not the program did. */
  closed(because: string): void;
}

export interface Exec {
  write(bytes: Buffer): void;
  /** Bytes that were written and not sent. */
  waiting(): number;
  /** Ends the connection at once, and the hooks. */
  end(): void;
}

/** Bytes of all that a program says: it is the agent's installer, which says a few words. */
export const largestOutput = 1 << 20;
