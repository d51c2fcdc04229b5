import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { planAddresses } from './address-plan.ts';
import { completeOptions } from './options.ts';
import { fillIn, readManifests } from './workload.ts';

const settings = completeOptions({ clusterDomain: 'corp.example', serviceRange: '172.20.0.0/16' });

describe('manifests', () => {
  it('are whole YAML with every value filled in', async () => {
    const text = await readManifests(settings, planAddresses(settings));
    expect(text).not.toContain('${');
    const documents = parseAllDocuments(text);
    for (const document of documents) expect(document.errors).toEqual([]);
    const objects = documents.map((document) => document.toJS() as { kind: string; metadata: { name: string } });
    const names = objects.map((object) => `${object.kind}/${object.metadata.name}`);
    expect(new Set(names.filter((name) => name.startsWith('Service/'))).size).toBeGreaterThanOrEqual(12);
    expect(names).toEqual(
      expect.arrayContaining(['StatefulSet/ledger', 'EndpointSlice/warehouse-office', 'Namespace/dev']),
    );
  });

  it('follow the sandbox’s own domain and ranges', async () => {
    const text = await readManifests(settings, planAddresses(settings));
    expect(text).toContain('kubernetes corp.example in-addr.arpa');
    expect(text).toContain('clusterIP: "172.20.0.10"');
  });

  it('ask for IPv6 only where the cluster has it', async () => {
    const dual = completeOptions({ dualStack: true });
    expect(await readManifests(dual, planAddresses(dual))).toContain('ipFamilies: [IPv6]');
    expect(await readManifests(settings, planAddresses(settings))).not.toMatch(/ipFamil|IPv6/);
  });

  it('refuse a value that nobody knows', () => {
    expect(() => fillIn(`image: \${unheard}`, {})).toThrow('unheard');
  });
});
