import { Badge } from '../../kit/Badge.tsx';
import { useWords } from '../../words/words.ts';
import type { Entry } from './service-entries.ts';

/** How many endpoints are ready, with a mark. */
export function ReadyBadge({ entry: { readiness, ready, total } }: { readonly entry: Entry }) {
  const say = useWords();
  switch (readiness) {
    case 'outside':
      return <Badge>{say('services.outside')}</Badge>;
    case 'all':
      return <Badge tone="fine">{say('services.readyOf', { ready, total })}</Badge>;
    case 'some':
      return <Badge tone="careful">{say('services.readyOf', { ready, total })}</Badge>;
    default:
      return (
        <Badge tone="bad">{total === 0 ? say('services.readyNone') : say('services.readyOf', { ready, total })}</Badge>
      );
  }
}
