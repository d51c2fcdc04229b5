/** What a connection asks its cluster for where it may: an answer adds words or offers, and its lack is none of the user's concern. */
import { failure, problem } from '../../contract/index.ts';
import type { ClusterPort } from '../ports.ts';
import type { ConnectionEvent, Effect } from './state.ts';

type Optional = Extract<Effect, { kind: 'findPolicies' | 'findStubDomains' | 'offerDirect' | 'discoverRangesAgain' }>;

export function findOptional(
  cluster: ClusterPort | null,
  effect: Optional,
  dispatch: (event: ConnectionEvent) => void,
): void {
  switch (effect.kind) {
    case 'findPolicies': {
      const found = (policies: readonly string[] | null) => dispatch({ kind: 'policiesFound', policies });
      cluster?.policiesOf(effect.placed).then(
        (result) => found(result.ok ? result.value : null),
        () => found(null),
      );
      return;
    }
    case 'findStubDomains':
      cluster?.stubDomains(effect.clusterDomain).then(
        (result) => result.ok && dispatch({ kind: 'stubDomainsFound', domains: result.value }),
        () => {},
      );
      return;
    case 'discoverRangesAgain':
      cluster?.discoverRanges().then(
        (found) => found.ok && dispatch({ kind: 'rangesFoundAgain', ranges: found.value }),
        () => {},
      );
      return;
    case 'offerDirect': {
      const { pod } = effect.placed.target;
      cluster?.offerDirect(effect.placed, effect.nodePort).then(
        (offered) => dispatch({ kind: 'directOffered', pod, offered }),
        () => dispatch({ kind: 'directOffered', pod, offered: failure(problem('internal', 'offering it failed')) }),
      );
    }
  }
}
