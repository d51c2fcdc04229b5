import { type ContextKey, connectionOf, type Settings } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { choicesOf, withContext } from '../../store/context-choices.ts';
import { useMirror } from '../../store/hooks.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords } from '../../words/words.ts';
import { SettingRow } from './SettingRow.tsx';
import { useChange } from './use-change.ts';

/** Domains that the cluster's nameservers know besides its own, while it is connected: each is allowed by a button. */
export function OfferedDomains({ settings, of }: { readonly settings: Settings; readonly of: ContextKey }) {
  const say = useWords();
  const [saving, change] = useChange();
  const connection = useMirror((state) => connectionOf(state.snapshot, of));
  const offered = connection?.phase === 'connected' ? (connection.offeredDomains ?? []) : [];
  const { extraDomains } = choicesOf(settings, of);
  return offered.map((domain) => (
    <SettingRow
      key={domain}
      label={say('settings.offeredDomain', { domain: cleanText(domain, 253) })}
      hint={say('settings.offeredDomainHint')}
      saving={saving}
    >
      {({ describedBy }) => (
        <Button
          {...(describedBy === undefined ? {} : { 'aria-describedby': describedBy })}
          onClick={() =>
            void change({ contexts: withContext(settings, of, { extraDomains: [...extraDomains, domain] }) })
          }
        >
          {say('settings.answerForIt', { domain: cleanText(domain, 60) })}
        </Button>
      )}
    </SettingRow>
  ));
}
