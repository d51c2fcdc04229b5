import { keyText, type Settings } from '../../../app/contract/index.ts';
import { Section } from '../../parts/Section.tsx';
import { useApp, useContexts, useShortName } from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords } from '../../words/words.ts';
import { ChoiceSetting, SwitchSetting } from './fields.tsx';
import { Rows } from './Rows.tsx';

const nobody = '-';

/** What happens by itself: at login, at the start, after a crash, on closing. */
export function StartSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  const { host } = useApp();
  const contexts = useContexts((state) => state.contexts);
  // A browser starts with no login, connects nothing by itself, is told of nothing in the background, and closes its tabs itself.
  const isApp = host.kind !== 'web';
  const chosen = settings.connectAtStart;
  const shortName = useShortName();
  const known = contexts.map(contextKey);
  const keys = chosen !== null && !known.some((key) => keyText(key) === keyText(chosen)) ? [chosen, ...known] : known;
  return (
    <Section
      id="settings-start"
      title={say('settings.start')}
      {...(isApp ? {} : { hint: say('settings.startInBrowser') })}
    >
      <Rows>
        {isApp ? (
          <>
            <SwitchSetting
              label={say('settings.startAtLogin')}
              hint={say('settings.startAtLoginHint')}
              isOn={settings.startAtLogin}
              changeFor={(startAtLogin) => ({ startAtLogin })}
            />
            <ChoiceSetting
              label={say('settings.connectAtStart')}
              hint={say('settings.connectAtStartHint')}
              value={chosen === null ? nobody : keyText(chosen)}
              choices={[
                { value: nobody, words: say('settings.nothing') },
                ...keys.map((key) => ({ value: keyText(key), words: cleanText(shortName(key.context), 60) })),
              ]}
              changeFor={(value) => ({ connectAtStart: keys.find((key) => keyText(key) === value) ?? null })}
            />
          </>
        ) : null}
        <SwitchSetting
          label={say('settings.recover')}
          hint={say('settings.recoverHint')}
          isOn={settings.recover}
          changeFor={(recover) => ({ recover })}
        />
        {isApp ? (
          <>
            <SwitchSetting
              label={say('settings.notifications')}
              hint={say('settings.notificationsHint')}
              isOn={settings.notifications}
              changeFor={(notifications) => ({ notifications })}
            />
            <ChoiceSetting
              label={say('settings.closing')}
              hint={say('settings.closingHint')}
              value={settings.closing}
              choices={[
                { value: 'ask', words: say('settings.closingAsk') },
                { value: 'keep', words: say('settings.closingKeep') },
                { value: 'quit', words: say('settings.closingQuit') },
              ]}
              changeFor={(closing) => ({ closing })}
            />
          </>
        ) : null}
      </Rows>
    </Section>
  );
}
