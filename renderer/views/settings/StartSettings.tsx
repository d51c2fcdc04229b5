import type { Settings } from '../../../app/contract/index.ts';
import { Section } from '../../parts/Section.tsx';
import { useApp } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { ContextSetting } from './ContextSetting.tsx';
import { ChoiceSetting, SwitchSetting } from './fields.tsx';
import { Rows } from './Rows.tsx';

/** What happens by itself: at login, at the start, after a crash, on closing. */
export function StartSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  const { host } = useApp();
  // A browser starts with no login, connects nothing by itself, is told of nothing in the background, and closes its tabs itself.
  const isApp = host.kind !== 'web';
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
            <ContextSetting
              label={say('settings.connectAtStart')}
              hint={say('settings.connectAtStartHint')}
              chosen={settings.connectAtStart}
              none={say('settings.nothing')}
              changeFor={(connectAtStart) => ({ connectAtStart })}
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
