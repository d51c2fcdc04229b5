/** Looks for agents in the cluster: those that this laptop's records name, and others by label in one namespace. */
import { type Result, success } from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Job, pathOf } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { findService, isOurs } from './direct-service.ts';
import { managedByLabel } from './manifest.ts';
import type { AgentRecords } from './records.ts';

export async function findAgents(
  connection: ApiConnection,
  records: AgentRecords,
  namespace: string,
): Promise<Result<{ ours: string[]; others: number }>> {
  const known = await records.all(connection.address.server);
  const ours: string[] = [];
  for (const record of known) {
    const asked: Asked = askedFor('get', record.namespace);
    const found = await connection.ask(asked, async () => {
      try {
        return await connection.get<Job>(pathOf('jobs', record.namespace, record.job));
      } catch (error) {
        if (statusCodeOf(error) === 404) {
          return null;
        }
        throw error;
      }
    });
    if (!found.ok) {
      return found;
    }
    if (found.value !== null && found.value.metadata?.uid === record.uid) {
      ours.push(`${record.namespace}/${record.job}`);
    }
    // Its lack of an answer says nothing: whoever may not see Services has made none.
    const service = record.service === true ? await findService(connection, record) : null;
    if (service?.ok && service.value !== null && isOurs(service.value, record)) {
      ours.push(`${record.namespace}/${record.job} (Service)`);
    }
  }
  const listed = await connection.ask(askedFor('list', namespace), () =>
    connection.list<Job>(pathOf('jobs', namespace), { labelSelector: `${managedByLabel}=slipway` }),
  );
  // Listing Jobs is no right that Slipway asks for: without it the records have to do.
  const jobs = listed.ok ? listed.value.items : [];
  const mine = new Set(known.map(({ uid }) => uid));
  return success({ ours, others: jobs.filter(({ metadata }) => !mine.has(metadata?.uid ?? '')).length });
}

function askedFor(verb: string, namespace: string): Asked {
  return { verb, group: 'batch', resource: 'jobs', namespace, purpose: 'agent' };
}
