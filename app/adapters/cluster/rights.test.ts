import { describe, expect, test } from 'vitest';
import { closedAfterEach, openScene } from '../testing/scene.ts';

const closing = closedAfterEach();

interface Review {
  readonly spec: {
    readonly resourceAttributes: {
      verb: string;
      resource: string;
      subresource?: string;
      namespace?: string;
      name?: string;
    };
  };
}

/** What is missing where the API server denies this one right in the agent's namespace. */
async function without(denied: string) {
  const { cluster } = await openScene(closing, (seen) => {
    const { verb, resource, subresource, namespace, name } = (JSON.parse(seen.body) as Review).spec.resourceAttributes;
    const isBound = resource === 'jobs' && verb !== 'create';
    expect(name === undefined, `${verb} ${resource}`).toBe(!isBound); // asked as a Role that is bound to it grants it
    const asked = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    return { body: { status: { allowed: namespace === undefined || asked !== denied } } };
  });
  const rights = await cluster.checkRights('team');
  return rights.ok ? rights.value : [];
}

describe('rights in the agent’s namespace', () => {
  test.each([
    'create jobs',
    'get jobs',
    'patch jobs',
    'delete jobs',
    'get pods',
    'list pods',
    'watch pods',
    'create pods/portforward',
  ])('without %s there is no connection', async (denied) => {
    const [verb, resource] = denied.split(' ');
    const missing = await without(denied);
    expect(missing).toMatchObject([{ code: 'forbidden', severity: 'error', facts: { verb, resource } }]);
    const role = missing[0]?.fixes.find((fix) => fix.kind === 'copy')?.text;
    expect(role).toContain('kind: Role\n');
    expect(role).toContain('namespace: team');
    expect(role).toMatch(/resourceNames:\n {6}- slipway-agent-[0-9a-f]{10}\n/);
    expect(role).toContain('kind: NetworkPolicy\n');
  });

  test.each(['create pods/exec', 'get pods/exec', 'get pods/portforward', 'get pods/log', 'list events'])(
    'without %s something else is missing',
    async (denied) => {
      expect(await without(denied)).toMatchObject([{ code: 'forbidden', severity: 'warning' }]);
    },
  );

  test('all there is nothing to say', async () => {
    expect(await without('nothing')).toEqual([]);
  });
});
