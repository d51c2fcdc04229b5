import type { Settings } from '../../../app/contract/index.ts';
import { Section } from '../../parts/Section.tsx';
import { useWords } from '../../words/words.ts';
import { ChoiceSetting } from './fields.tsx';
import { Rows } from './Rows.tsx';

export function LookSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  return (
    <Section id="settings-look" title={say('settings.look')}>
      <Rows>
        <ChoiceSetting
          label={say('settings.language')}
          value={settings.language}
          choices={[
            { value: 'system', words: say('settings.likeSystem') },
            // Each language in itself: whoever is lost in the other finds it.
            { value: 'en', words: 'English' },
            { value: 'zh-CN', words: '简体中文' },
          ]}
          changeFor={(language) => ({ language })}
        />
        <ChoiceSetting
          label={say('settings.theme')}
          value={settings.theme}
          choices={[
            { value: 'system', words: say('settings.likeSystem') },
            { value: 'light', words: say('settings.light') },
            { value: 'dark', words: say('settings.dark') },
          ]}
          changeFor={(theme) => ({ theme })}
        />
        <ChoiceSetting
          label={say('settings.contrast')}
          value={settings.contrast}
          choices={[
            { value: 'system', words: say('settings.likeSystem') },
            { value: 'more', words: say('settings.moreContrast') },
          ]}
          changeFor={(contrast) => ({ contrast })}
        />
      </Rows>
    </Section>
  );
}
