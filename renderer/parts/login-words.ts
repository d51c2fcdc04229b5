/** What one can do with the words of a credential plugin that waits for a login. */
import { webAddress } from '../host/host.ts';

/** A text that holds more of them asks for nothing that a person could do. */
const mostParts = 2;

/** Of words of a plugin, which are foreign: what to open and what to type there. */
export interface LoginParts {
  /** http and https only, with the host in ASCII (URL Standard), so that no letter is taken for another. */
  readonly addresses: readonly string[];
  readonly codes: readonly string[];
}

/** Finds addresses, and codes as device logins show them (RFC 8628, section 6.1): groups in capitals, or what follows "code". */
export function partsOfLogin(said: string): LoginParts {
  const found = [...said.matchAll(/https?:\/\/[^\s"'<>`|\\^{}]+/gi)].map(([address]) => address);
  const addresses = found.flatMap((address) => webAddress(address.replace(/[.,;:!?)\]]+$/, '')) ?? []);
  const rest = found.reduce((text, address) => text.replace(address, ' '), said);
  const grouped = [...rest.matchAll(/(?<![\w-])[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8}){1,3}(?![\w-])/g)].map(([code]) => code);
  const named = [...rest.matchAll(/\bcode:?\s+["'`]?([A-Z0-9]{6,12})(?![\w-])/gi)].flatMap(([, code]) =>
    code !== undefined && code === code.toUpperCase() ? [code] : [],
  );
  const few = (all: readonly string[]) => [...new Set(all)].slice(0, mostParts);
  return { addresses: few(addresses), codes: few([...grouped, ...named]) };
}
