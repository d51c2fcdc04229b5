/** What a field takes, said while one types; the core checks again (app/core/settings). Pure. */
import ipaddr from 'ipaddr.js';
import { defaultSettings, type Settings, wordForms } from '../../../app/contract/index.ts';
import type { WordId } from '../../words/words.ts';

/** A domain as one types it; empty takes the word back. Which domains a cluster may be given is the helper's to say. */
export function domainComplaint(domain: string): WordId | null {
  return domain === '' || (wordForms.domain.test(domain) && domain.length <= 253) ? null : 'settings.domainForm';
}

/** Several of them, with spaces or commas between. */
export function domainsIn(text: string): string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((domain) => domain !== ''),
    ),
  ];
}

export function domainsComplaint(text: string): WordId | null {
  return (
    domainsIn(text)
      .map(domainComplaint)
      .find((complaint) => complaint !== null) ?? null
  );
}

export type RangeField = 'extraRanges' | 'excludedRanges';
export type RangeRead =
  | { readonly ok: true; readonly range: string }
  | { readonly ok: false; readonly because: WordId | null };

/** A range as one types it: a bare address is one address, bits behind the length are cleared. Null where nothing was typed. */
export function readRange(typed: string, field: RangeField, settings: Pick<Settings, RangeField>): RangeRead {
  const text = typed.trim();
  if (text === '') {
    return { ok: false, because: null };
  }
  const range = normalRange(text);
  if (range === null) {
    return { ok: false, because: 'settings.range.malformed' };
  }
  if (range.endsWith('/0')) {
    return { ok: false, because: 'settings.range.everything' };
  }
  if (settings[field].includes(range)) {
    return { ok: false, because: 'settings.range.twice' };
  }
  const other: RangeField = field === 'extraRanges' ? 'excludedRanges' : 'extraRanges';
  return settings[other].includes(range) ? { ok: false, because: 'settings.range.contradicts' } : { ok: true, range };
}

function normalRange(text: string): string | null {
  const isFour = /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text);
  if (!isFour && !text.includes(':')) {
    return null; // ipaddr.js reads short and octal forms that others read differently
  }
  try {
    const [address, length] = text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), isFour ? 32 : 128];
    const cidr = `${address.toString()}/${length}`;
    const first = isFour
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(cidr).toString();
    return `${first}/${length}`;
  } catch {
    return null;
  }
}

/** RFC 1123 label; empty takes the default. */
export function namespaceComplaint(name: string): WordId | null {
  return name === '' || wordForms.namespace.test(name) ? null : 'settings.namespaceForm';
}

/** What a container runtime could take for an image; its registry says more. */
export function imageComplaint(image: string): WordId | null {
  return image === '' || (wordForms.image.test(image) && image.length <= 512) ? null : 'settings.imageForm';
}

/** Kubeconfig files in force: those that were added, and those that the contexts came from without being added. */
export function kubeconfigFiles(
  settings: Pick<Settings, 'kubeconfigFiles'>,
  contexts: readonly { readonly file: string }[],
): readonly { readonly file: string; readonly isAdded: boolean; readonly contexts: number }[] {
  const count = (file: string) => contexts.filter((context) => context.file === file).length;
  const found = [...new Set(contexts.map(({ file }) => file))].filter(
    (file) => !settings.kubeconfigFiles.includes(file),
  );
  return [
    ...found.map((file) => ({ file, isAdded: false, contexts: count(file) })),
    ...settings.kubeconfigFiles.map((file) => ({ file, isAdded: true, contexts: count(file) })),
  ];
}

export const baseImageOf = (typed: string): string => typed.trim() || defaultSettings.baseImage;
