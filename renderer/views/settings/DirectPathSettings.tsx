import { useState } from 'react';
import { type ContextKey, directPathSchema, readPlace, type Settings } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { Select } from '../../kit/Select.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { choicesOf, withContext } from '../../store/context-choices.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords } from '../../words/words.ts';
import { TextSetting } from './fields.tsx';
import { SettingRow } from './SettingRow.tsx';
import { useChange } from './use-change.ts';

/** Ways to the agent besides the API server. What makes an object in the cluster is asked about first. */
export function DirectPathSettings({ settings, of }: { readonly settings: Settings; readonly of: ContextKey }) {
  const say = useWords();
  const [saving, change] = useChange();
  const [isAsking, setAsking] = useState(false);
  const { directPath, directAddress } = choicesOf(settings, of);
  const choose = (next: typeof directPath) => change({ contexts: withContext(settings, of, { directPath: next }) });
  return (
    <>
      <SettingRow label={say('settings.directPath')} hint={say('settings.directPathHint')} saving={saving}>
        {({ id }) => (
          <Select
            id={id}
            label={say('settings.directPath')}
            value={directPath}
            choices={directPathSchema.options
              .filter((way) => way !== 'address' || directPath === way || directAddress !== '')
              .map((way) => ({ value: way, words: say(`settings.direct.${way}`) }))}
            onChange={(next) => (next === 'node-port' ? setAsking(true) : void choose(next))}
          />
        )}
      </SettingRow>
      <TextSetting
        label={say('settings.directAddress')}
        hint={say('settings.directAddressHint')}
        value={directAddress}
        placeholder="10.1.2.3:31820"
        complain={(text) => (text === '' || readPlace(text) !== null ? null : 'settings.directAddressForm')}
        changeFor={(text) => ({
          contexts: withContext(settings, of, {
            directAddress: text,
            directPath: text !== '' ? 'address' : directPath === 'address' ? 'pod' : directPath,
          }),
        })}
      />
      {isAsking ? (
        <Consent
          name={of.context}
          close={() => setAsking(false)}
          agree={() => {
            setAsking(false);
            void choose('node-port');
          }}
        />
      ) : null}
    </>
  );
}

function Consent({
  name,
  close,
  agree,
}: {
  readonly name: string;
  readonly close: () => void;
  readonly agree: () => void;
}) {
  const say = useWords();
  return (
    <Dialog
      isOpen
      onClose={close}
      size="wide"
      title={say('settings.consentTitle')}
      description={say('settings.consentHint', { name: cleanText(name, 60) })}
      footer={
        <>
          <Button data-autofocus="" onClick={close}>
            {say('kit.cancel')}
          </Button>
          <Button kind="primary" onClick={agree}>
            {say('settings.consentAgree')}
          </Button>
        </>
      }
    >
      <Facts label={say('settings.consentTitle')}>
        <Fact name={say('settings.consentObject')}>{say('settings.consentObjectIs')}</Fact>
        <Fact name={say('settings.consentWhere')}>{say('settings.consentWhereIs')}</Fact>
        <Fact name={say('settings.consentWho')}>{say('settings.consentWhoIs')}</Fact>
        <Fact name={say('settings.consentEnds')}>{say('settings.consentEndsIs')}</Fact>
      </Facts>
    </Dialog>
  );
}
