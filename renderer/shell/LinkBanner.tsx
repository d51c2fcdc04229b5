import { Unplug } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../kit/Button.tsx';
import { CodeBlock } from '../kit/CodeBlock.tsx';
import { useApp, useMirror, usePlace } from '../store/hooks.ts';
import { useFormat } from '../words/format.ts';
import { type Say, useWords } from '../words/words.ts';
import styles from './LinkBanner.module.css';

/** A core that is only restarted answers again before that, in milliseconds. */
const endedAfter = 5000;

/** Says that the core is gone, since when what is shown is old, how it is started, and when the next try is. */
export function LinkBanner() {
  const say = useWords();
  const format = useFormat();
  const { host } = useApp();
  const { invocation } = usePlace();
  const link = useMirror((mirror) => mirror.link);
  const heardAt = useMirror((mirror) => mirror.heardAt);
  const isEnded = useIsPast(link.kind === 'lost' ? link.since + endedAfter : null);
  if (link.kind === 'live' || link.kind === 'connecting') {
    return null;
  }
  const { title, hint } =
    link.kind === 'other-version'
      ? { title: say('shell.otherVersion', { build: link.build }), hint: say('shell.otherVersionHint') }
      : lostWords(say, isEnded, heardAt === 0 ? null : format.clock(heardAt));
  const command = link.kind === 'other-version' ? `${invocation} disconnect --quit` : `${invocation} start`;
  return (
    <div className={styles.banner} role="alert">
      <Unplug className={styles.icon} aria-hidden="true" />
      <div className={styles.words}>
        <strong className={styles.title}>{title}</strong> {hint}
        {isEnded ? ` ${say(host.kind === 'electron' ? 'shell.endedElectron' : 'shell.endedBrowser')}` : null}
      </div>
      {(isEnded && host.kind !== 'electron') || link.kind === 'other-version' ? (
        <div className={styles.command}>
          <CodeBlock text={command} label={say('kit.command')} />
        </div>
      ) : null}
      {link.kind === 'lost' ? (
        <>
          <Countdown at={link.nextTryAt} />
          <Button size="small" onClick={() => host.link.retryNow()}>
            {say('shell.retryNow')}
          </Button>
        </>
      ) : null}
    </div>
  );
}

function lostWords(say: Say, isEnded: boolean, heardAt: string | null) {
  return {
    title: isEnded ? say('shell.ended') : say('shell.lost'),
    hint:
      heardAt === null
        ? say('shell.lostBefore')
        : isEnded
          ? say('shell.endedHint', { time: heardAt })
          : say('shell.lostHint', { time: heardAt }),
  };
}

/** True from that moment on (milliseconds since the epoch). */
function useIsPast(moment: number | null): boolean {
  const [isPast, setPast] = useState(false);
  useEffect(() => {
    setPast(moment !== null && moment <= Date.now());
    if (moment !== null) {
      const timer = setTimeout(() => setPast(true), Math.max(0, moment - Date.now()));
      return () => clearTimeout(timer);
    }
  }, [moment]);
  return isPast;
}

/** Not announced: an alert that counts would never be silent. */
function Countdown({ at }: { readonly at: number | null }) {
  const say = useWords();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = at === null ? 0 : Math.ceil((at - now) / 1000);
  return (
    <span className={styles.count} aria-hidden="true">
      {seconds <= 0 ? say('shell.retryingNow') : say('shell.retryIn', { seconds })}
    </span>
  );
}
