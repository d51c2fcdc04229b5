/** What an entry of the catalogue of problems is made of. */

export interface Entry {
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  readonly fixes: readonly { readonly kind: 'command' | 'document' | 'advice'; readonly text: string }[];
  /** Which exit code of the CLI: usage 2, configuration 3, rights 4, cluster 5, host 6, data path 7, internal 8. */
  readonly area: 'usage' | 'configuration' | 'rights' | 'cluster' | 'host' | 'data-path' | 'internal';
}

export const command = (text: string) => ({ kind: 'command', text }) as const;
export const advice = (text: string) => ({ kind: 'advice', text }) as const;
export const entry = (area: Entry['area'], title: string, ...fixes: Entry['fixes']): Entry => ({
  severity: 'error',
  area,
  title,
  fixes,
});
