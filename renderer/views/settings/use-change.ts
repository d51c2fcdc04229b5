import { useCallback, useEffect, useState } from 'react';
import type { Problem, Settings } from '../../../app/contract/index.ts';
import { useApp } from '../../store/hooks.ts';

/** How long it is said that a change was saved, in milliseconds. */
const said = 2500;

export type Saving =
  | { readonly kind: 'idle' | 'saving' | 'saved' }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** Saves a change at once and knows what became of it. */
export function useChange(): readonly [Saving, (change: Partial<Settings>) => Promise<boolean>] {
  const { settings } = useApp();
  const [saving, setSaving] = useState<Saving>({ kind: 'idle' });
  useEffect(() => {
    if (saving.kind !== 'saved') {
      return;
    }
    const timer = setTimeout(() => setSaving({ kind: 'idle' }), said);
    return () => clearTimeout(timer);
  }, [saving]);
  const change = useCallback(
    async (wanted: Partial<Settings>) => {
      setSaving({ kind: 'saving' });
      const result = await settings.change(wanted);
      setSaving(result.ok ? { kind: 'saved' } : { kind: 'refused', problem: result.problem });
      return result.ok;
    },
    [settings],
  );
  return [saving, change];
}
