/** Which ports speak HTTP, as far as that can be told without asking them. Pure. */
import type { ServicePort } from '../../contract/index.ts';

/** By what is said of the port, else by the habits of names and numbers. */
export function httpOfPort(
  found: Pick<ServicePort, 'name' | 'port' | 'protocol' | 'application'>,
): 'http' | 'https' | null {
  if (found.protocol !== 'TCP') {
    return null;
  }
  return found.application === '' ? byHabit(found) : byApplication(found.application);
}

/** Kubernetes' own appProtocol values (KEP-3726) and IANA's names. */
function byApplication(application: string): 'http' | 'https' | null {
  const name = application.toLowerCase().replace(/^kubernetes\.io\//, '');
  return ['http', 'ws'].includes(name) ? 'http' : ['https', 'wss'].includes(name) ? 'https' : null;
}

function byHabit({ name, port }: Pick<ServicePort, 'name' | 'port'>): 'http' | 'https' | null {
  if (/^https(-|$)/.test(name)) {
    return 'https';
  }
  if (/^http(-|$)/.test(name)) {
    return 'http';
  }
  if (name !== '' && !/^(web|www|api|ui)$/.test(name)) {
    return null;
  }
  return [443, 8443].includes(port) ? 'https' : [80, 8000, 8080, 3000].includes(port) ? 'http' : null;
}
