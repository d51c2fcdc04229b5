import { useMemo } from 'react';
import type { ContextKey } from '../../app/contract/index.ts';
import type { Naming } from '../store/address-forms.ts';
import { useApp, useMirror } from '../store/hooks.ts';
import { namingOf } from './shown-service.ts';

/** How the addresses of a context are written down now: ranges and names may change while one looks. */
export function useNaming(context: ContextKey | null): Naming {
  const app = useApp();
  const text = useMirror(() => JSON.stringify(namingOf(app, context)));
  return useMemo(() => JSON.parse(text) as Naming, [text]);
}
