/** What a connect of a context would change, as its cluster and the laptop say it now. */
import { type CommandOutput, type Context, type Result, success } from '../../contract/index.ts';
import { inspectRoutes } from '../diagnostics/inspect-host.ts';
import type { ClusterPort } from '../ports.ts';
import { planRanges } from '../routing/plan.ts';
import { wantedFor } from '../settings/context-choices.ts';
import { policyOf } from '../settings/settings.ts';
import type { Dependencies } from './dependencies.ts';

export async function previewThrough(
  cluster: ClusterPort,
  context: Context,
  dependencies: Dependencies,
): Promise<Result<CommandOutput<'previewRoutes'>>> {
  const settings = dependencies.settings();
  const wanted = wantedFor(settings, context, {}, dependencies.snapshot().place);
  const [ranges, protectedAddresses] = await Promise.all([cluster.discoverRanges(), cluster.protectedAddresses()]);
  const planned = ranges.ok
    ? planRanges(ranges.value, policyOf(settings, { context: context.name, file: context.file }))
    : ranges;
  if (!planned.ok) {
    return planned;
  }
  const inspected = await inspectRoutes(dependencies.ports, planned.value, protectedAddresses);
  if (!inspected.ok) {
    return inspected;
  }
  const { host, routes } = inspected.value;
  return success({
    routes: [...routes],
    resolverMode: settings.resolverMode === 'off' ? 'off' : host.resolverMode,
    upstreams: [...host.upstreams],
    agent: {
      namespace: wanted.agentNamespace,
      image: wanted.agentImage || wanted.baseImage,
      delivery: wanted.agentImage === '' ? ('sent' as const) : ('image' as const),
    },
  });
}
