import { showWelcome } from '../../actions/show-welcome.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { CodeChips } from '../../parts/CodeChips.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { BrandMark } from '../../shell/Brand.tsx';
import { Page } from '../../shell/Page.tsx';
import { useApp, useMirror, usePlace } from '../../store/hooks.ts';
import type { WordId } from '../../words/words.ts';
import { useWords } from '../../words/words.ts';
import styles from './About.module.css';
import { licences } from './licences.ts';

/** What there is to read, by its file. */
const pages = [
  ['tour.md', 'about.tour'],
  ['side-effects.md', 'about.changes'],
  ['security.md', 'about.security'],
  ['cli.md', 'about.commandsPage'],
] as const satisfies readonly (readonly [string, WordId])[];

/** Which parts run here and of which build, what is inside, and where to read on. */
export function AboutView() {
  const say = useWords();
  const run = useRunAction();
  const { host } = useApp();
  const { documents, invocation } = usePlace();
  const separator = host.platform === 'win32' ? '\\' : '/';
  const pathOf = (name: string) => [documents ?? 'docs', name].join(separator);
  const snapshot = useMirror((mirror) => mirror.snapshot);
  const helper = snapshot?.helper ?? { state: 'unknown' as const };
  const version: string = import.meta.env.VITE_SLIPWAY_VERSION ?? '';
  const carrier: WordId =
    host.kind === 'electron' ? 'about.inElectron' : host.kind === 'web' ? 'about.inBrowser' : 'about.inMemory';
  const helperText =
    helper.state === 'ready'
      ? helper.build
      : say(
          helper.state === 'refused'
            ? 'about.helperRefused'
            : helper.state === 'absent'
              ? 'about.helperAbsent'
              : 'about.helperUnknown',
        );
  const core = snapshot?.build ?? say('about.notReached');
  const text = [
    `Slipway ${version}`,
    `${say('about.core')}: ${core}`,
    `${say('about.helper')}: ${helperText}`,
    `${say('about.window')}: ${say(carrier)}`,
    navigator.userAgent,
  ].join('\n');
  return (
    <Page
      title={say('shell.about')}
      actions={
        <Button icon={showWelcome.icon} onClick={() => run(showWelcome)}>
          {say('welcome.showAgain')}
        </Button>
      }
    >
      <div className={styles.brand}>
        <span className={styles.mark}>
          <BrandMark />
        </span>
        <div>
          <p className={styles.name}>
            {say('shell.brand')} {version}
          </p>
          <p className={styles.what}>{say('about.what')}</p>
        </div>
      </div>
      <div className={styles.parts}>
        <Section title={say('about.versions')} actions={<CopyButton text={text} name={say('about.versions')} />}>
          <Facts label={say('about.versions')}>
            <Fact name={say('about.app')}>{version}</Fact>
            <Fact name={say('about.core')}>
              <ForeignText text={core} kind="code" />
            </Fact>
            <Fact name={say('about.helper')}>
              <ForeignText text={helperText} kind={helper.state === 'ready' ? 'code' : 'line'} />
            </Fact>
            <Fact name={say('about.window')}>{say(carrier)}</Fact>
          </Facts>
        </Section>
        <Section title={say('about.read')} hint={say('about.readHint')}>
          <Facts label={say('about.read')}>
            {pages.map(([name, words]) => (
              <Fact key={name} name={say(words)}>
                <ToCopy text={pathOf(name)} />
              </Fact>
            ))}
            <Fact name={say('about.commands')}>
              <ToCopy text={`${invocation} --help`} />
            </Fact>
          </Facts>
        </Section>
        <Section title={say('about.licences')} hint={say('about.licencesHint')}>
          <Facts label={say('about.licences')}>
            {licences.map(({ name, packages, modules = [] }) => (
              <Fact key={name} name={name}>
                <CodeChips values={[...packages, ...modules]} none="" />
              </Fact>
            ))}
          </Facts>
        </Section>
      </div>
    </Page>
  );
}

/** A path or a command, whole, and its way into a terminal. */
function ToCopy({ text }: { readonly text: string }) {
  return (
    <span className={styles.toCopy}>
      <ForeignText text={text} kind="code" cut="start" bound={4096} />
      <CopyButton text={text} name={text} kind="ghost" />
    </span>
  );
}
