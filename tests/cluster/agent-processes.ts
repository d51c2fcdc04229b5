/** Processes of agents on this machine: told from those of other sandboxes by the pod's uid in their cgroup's path. */
import { readdirSync, readFileSync } from 'node:fs';

/** `pods`: uids. */
export function agentProcesses(pods: readonly string[]): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isAgent = /^\d+$/.test(name) && readFileSync(`/proc/${name}/comm`, 'utf8').includes('agent');
      return isAgent && pods.some((uid) => cgroupOf(name).includes(uid)) ? [Number(name)] : [];
    } catch {
      return []; // it ended in between
    }
  });
}

/** The path with the uid's dashes as they are: containerd's systemd style writes them as underscores. */
function cgroupOf(id: string): string {
  return readFileSync(`/proc/${id}/cgroup`, 'utf8').replaceAll('_', '-');
}
