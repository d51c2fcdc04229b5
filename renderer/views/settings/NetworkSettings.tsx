import type { Settings } from '../../../app/contract/index.ts';
import { Section } from '../../parts/Section.tsx';
import { useWords } from '../../words/words.ts';
import { ContextSetting } from './ContextSetting.tsx';
import { ChoiceSetting } from './fields.tsx';
import { RangeList } from './RangeList.tsx';
import { Rows } from './Rows.tsx';

export function NetworkSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  return (
    <Section id="settings-network" title={say('settings.network')} hint={say('settings.networkHint')}>
      <Rows>
        <RangeList
          field="extraRanges"
          settings={settings}
          label={say('settings.extraRanges')}
          hint={say('settings.extraRangesHint')}
        />
        <RangeList
          field="excludedRanges"
          settings={settings}
          label={say('settings.excludedRanges')}
          hint={say('settings.excludedRangesHint')}
        />
        <ChoiceSetting
          label={say('settings.resolverMode')}
          hint={say('settings.resolverModeHint')}
          value={settings.resolverMode}
          choices={[
            { value: 'automatic', words: say('settings.resolverAutomatic') },
            { value: 'off', words: say('settings.resolverOff') },
          ]}
          changeFor={(resolverMode) => ({ resolverMode })}
        />
        <ContextSetting
          label={say('settings.preferredNames')}
          hint={say('settings.preferredNamesHint')}
          chosen={settings.preferredNames}
          none={say('settings.preferredNamesFirst')}
          changeFor={(preferredNames) => ({ preferredNames })}
        />
      </Rows>
    </Section>
  );
}
