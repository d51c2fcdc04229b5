import { goAbout } from '../../actions/go.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { SandboxCard } from '../../parts/SandboxCard.tsx';
import { Section } from '../../parts/Section.tsx';
import { Page } from '../../shell/Page.tsx';
import { usePlace, useSettings } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { AgentSettings } from './AgentSettings.tsx';
import { FileSettings } from './FileSettings.tsx';
import { LookSettings } from './LookSettings.tsx';
import { NetworkSettings } from './NetworkSettings.tsx';
import styles from './Settings.module.css';
import { StartSettings } from './StartSettings.tsx';

const parts = [
  ['settings-files', 'settings.files'],
  ['settings-look', 'settings.look'],
  ['settings-start', 'settings.start'],
  ['settings-network', 'settings.network'],
  ['settings-agent', 'settings.agent'],
  ['settings-sandbox', 'settings.sandbox'],
] as const;

/** Everything that one can choose. Each change is saved at once. */
export function SettingsView() {
  const say = useWords();
  const run = useRunAction();
  const settings = useSettings();
  const { isInSandbox } = usePlace();
  return (
    <Page
      title={say('shell.settings')}
      subtitle={say('settings.subtitle')}
      actions={<Button onClick={() => run(goAbout)}>{say('shell.about')}</Button>}
    >
      <nav className={styles.nav} aria-label={say('settings.parts')}>
        {parts
          .filter(([id]) => id !== 'settings-sandbox' || !isInSandbox)
          .map(([id, words]) => (
            <button key={id} type="button" className={styles.link} onClick={() => show(id)}>
              {say(words)}
            </button>
          ))}
      </nav>
      {settings === null ? (
        <SkeletonRows count={8} label={say('kit.loading')} />
      ) : (
        <div className={styles.parts}>
          <FileSettings settings={settings} />
          <LookSettings settings={settings} />
          <StartSettings settings={settings} />
          <NetworkSettings settings={settings} />
          <AgentSettings settings={settings} />
          {isInSandbox ? null : (
            <Section id="settings-sandbox" title={say('settings.sandbox')}>
              <SandboxCard />
            </Section>
          )}
        </div>
      )}
    </Page>
  );
}

/** The focus goes there too: what follows by Tab is what is seen. */
function show(id: string): void {
  const part = document.getElementById(id);
  part?.scrollIntoView({ block: 'start' });
  part?.focus({ preventScroll: true });
}
