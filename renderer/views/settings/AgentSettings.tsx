import { useState } from 'react';
import { type ContextKey, defaultSettings, keyText, type Settings } from '../../../app/contract/index.ts';
import { Select } from '../../kit/Select.tsx';
import { Section } from '../../parts/Section.tsx';
import { choicesOf, withContext } from '../../store/context-choices.ts';
import { useContexts, useWindow } from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords } from '../../words/words.ts';
import { AgentPodSettings } from './AgentPodSettings.tsx';
import { DirectPathSettings } from './DirectPathSettings.tsx';
import { TextSetting } from './fields.tsx';
import {
  baseImageOf,
  domainComplaint,
  domainsComplaint,
  domainsIn,
  imageComplaint,
  namespaceComplaint,
} from './forms.ts';
import { OfferedDomains } from './OfferedDomains.tsx';
import { Rows } from './Rows.tsx';
import { SettingRow } from './SettingRow.tsx';

/** Where the agent's pod is made and of which image: for all clusters, and for one. */
export function AgentSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  return (
    <Section id="settings-agent" title={say('settings.agent')} hint={say('settings.agentHint')}>
      <Rows>
        <TextSetting
          label={say('settings.baseImage')}
          hint={say('settings.baseImageHint')}
          value={settings.baseImage}
          placeholder={defaultSettings.baseImage}
          complain={imageComplaint}
          changeFor={(text) => ({ baseImage: baseImageOf(text) })}
        />
        <TextSetting
          label={say('settings.agentImage')}
          hint={say('settings.agentImageHint')}
          value={settings.agentImage}
          placeholder={say('settings.agentImageNone')}
          complain={imageComplaint}
          changeFor={(agentImage) => ({ agentImage })}
        />
      </Rows>
      <OfOneCluster settings={settings} />
    </Section>
  );
}

function OfOneCluster({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  const contexts = useContexts((state) => state.contexts);
  const chosen = useWindow((state) => state.chosen);
  const [picked, setPicked] = useState<ContextKey | null>(null);
  const keys = contexts.map(contextKey);
  const isThere = (key: ContextKey | null) => keys.find((one) => key !== null && keyText(one) === keyText(key));
  const key = isThere(picked) ?? isThere(chosen) ?? keys[0];
  if (key === undefined) {
    return null;
  }
  const own = choicesOf(settings, key);
  const of = contexts.find((context) => keyText(contextKey(context)) === keyText(key));
  return (
    <Rows>
      <SettingRow label={say('settings.ofCluster')} hint={say('settings.ofClusterHint')}>
        {({ id }) => (
          <Select
            id={id}
            label={say('settings.ofCluster')}
            value={keyText(key)}
            choices={keys.map((one) => ({ value: keyText(one), words: cleanText(one.context, 60) }))}
            onChange={(value) => setPicked(keys.find((one) => keyText(one) === value) ?? null)}
          />
        )}
      </SettingRow>
      <TextSetting
        key={`namespace ${keyText(key)}`}
        label={say('settings.agentNamespace')}
        hint={say('settings.agentNamespaceHint')}
        value={own.agentNamespace}
        placeholder={cleanText(of?.namespace || 'default', 63)}
        complain={namespaceComplaint}
        changeFor={(agentNamespace) => ({ contexts: withContext(settings, key, { agentNamespace }) })}
      />
      <TextSetting
        key={`base ${keyText(key)}`}
        label={say('settings.baseImage')}
        value={own.baseImage}
        placeholder={settings.baseImage}
        complain={imageComplaint}
        changeFor={(baseImage) => ({ contexts: withContext(settings, key, { baseImage }) })}
      />
      <TextSetting
        key={`agent ${keyText(key)}`}
        label={say('settings.agentImage')}
        value={own.agentImage}
        placeholder={settings.agentImage || say('settings.agentImageNone')}
        complain={imageComplaint}
        changeFor={(agentImage) => ({ contexts: withContext(settings, key, { agentImage }) })}
      />
      <TextSetting
        key={`domain ${keyText(key)}`}
        label={say('settings.answersFor')}
        hint={say('settings.answersForHint')}
        value={own.answersFor}
        placeholder={say('settings.answersForNone')}
        complain={domainComplaint}
        changeFor={(answersFor) => ({ contexts: withContext(settings, key, { answersFor }) })}
      />
      <TextSetting
        key={`domains ${keyText(key)}`}
        label={say('settings.extraDomains')}
        hint={say('settings.extraDomainsHint')}
        value={own.extraDomains.join(' ')}
        placeholder={say('settings.extraDomainsNone')}
        complain={domainsComplaint}
        changeFor={(text) => ({ contexts: withContext(settings, key, { extraDomains: domainsIn(text) }) })}
      />
      <OfferedDomains settings={settings} of={key} />
      <DirectPathSettings key={`direct ${keyText(key)}`} settings={settings} of={key} />
      <AgentPodSettings settings={settings} of={key} />
    </Rows>
  );
}
