/**
 * The user's word that a cluster may answer for a whole domain: what can be told of it before it is kept, and what came of
 * it. Which domains can be given is engine's and helper's to say (native/internal/domains); here is only what is known.
 */
import { type Cause, cause, type Names, type Problem, problem } from '../../contract/index.ts';

/** Null where nothing known speaks against it. `names` are those in force; null where nothing is connected. */
export function objectionTo(domain: string, names: Names | null): Problem | null {
  if (domain === '') {
    return null;
  }
  const own = names?.clusterDomain ?? '';
  if (own !== '') {
    return names === null ? null : unheard(domain, names);
  }
  // Everything with one label is a public suffix (publicsuffix.org: the default rule is "*").
  return /^[a-z0-9-]+$/.test(domain) ? refused(domain, cause('answersPublic', { domain })) : null;
}

/** Why the word has no effect on the names in force; null where it has, or where there are none. */
export function unheard(domain: string, names: Names): Problem | null {
  if (domain === '' || names.mode === 'off' || names.domains.includes(domain)) {
    return null;
  }
  if (domain !== names.clusterDomain) {
    return refused(domain, cause('answersOther', { own: names.clusterDomain }));
  }
  const refusal = names.refused.find(({ name }) => name === domain);
  if (refusal === undefined || refusal.grantable) {
    return null; // it is on its way
  }
  const because =
    refusal.reason === 'public-suffix'
      ? cause('answersPublic', { domain })
      : cause('answersRefused', { domain, reason: refusal.reason });
  return refused(domain, because);
}

function refused(domain: string, because: Cause): Problem {
  return problem('answers-for-refused', because, { domain });
}
