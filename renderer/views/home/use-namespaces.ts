import { useEffect, useMemo, useState } from 'react';
import { type ContextKey, connectionOf } from '../../../app/contract/index.ts';
import { useApp, useMirror } from '../../store/hooks.ts';

const none: readonly string[] = [];

/** Namespaces to choose of: those that the cluster tells while it is connected, and those that are known anyway. */
export function useNamespaces(
  context: ContextKey,
  seen: readonly string[],
  chosen: readonly string[] = none,
): readonly string[] {
  const { host } = useApp();
  const phase = useMirror((mirror) => connectionOf(mirror.snapshot, context)?.phase ?? 'off');
  const [told, setTold] = useState<readonly string[]>(none);
  useEffect(() => {
    let isWanted = true;
    setTold(none);
    if (phase === 'connected') {
      void host.link.call('listNamespaces', context).then((result) => {
        if (isWanted && result.ok) {
          setTold(result.value.namespaces);
        }
      });
    }
    return () => {
      isWanted = false;
    };
  }, [host, context, phase]);
  return useMemo(() => [...new Set([...told, ...seen, ...chosen])].sort(), [told, seen, chosen]);
}
