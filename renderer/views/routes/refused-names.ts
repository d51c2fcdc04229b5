/** Why the helper lets a cluster not have a name, told from the name alone (native/internal/hostnet/names/domains.go). Pure. */
import type { WordId } from '../../words/words.ts';

/** Special-use names (RFC 6761, 6762, 7686, 8375): whole trees, and those that only alone are refused. */
const trees = ['arpa', 'invalid', 'localhost', 'onion'];
const alone = ['alt', 'example', 'internal', 'local', 'test', ...trees];

export function refusedBecause(name: string): WordId {
  const lower = name.toLowerCase();
  if (lower.endsWith('.in-addr.arpa') || lower.endsWith('.ip6.arpa')) {
    return 'routes.refused.reverse';
  }
  const labels = lower.split('.');
  const last = labels.at(-1) ?? '';
  const isName = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) && !/^\d+$/.test(last);
  if (!isName || lower.length > 253) {
    return 'routes.refused.malformed';
  }
  if (trees.includes(last) || (labels.length === 1 && alone.includes(last))) {
    return 'routes.refused.special';
  }
  return 'routes.refused.public';
}
