import { Unplug } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../kit/Button.tsx';
import { useApp, useMirror } from '../store/hooks.ts';
import { useFormat } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import styles from './LinkBanner.module.css';

/** Says that the core is gone, since when what is shown is old, and when the next try is. */
export function LinkBanner() {
  const say = useWords();
  const format = useFormat();
  const { host } = useApp();
  const link = useMirror((mirror) => mirror.link);
  const heardAt = useMirror((mirror) => mirror.heardAt);
  if (link.kind === 'live' || link.kind === 'connecting') {
    return null;
  }
  const isOther = link.kind === 'other-version';
  return (
    <div className={styles.banner} role="alert">
      <Unplug className={styles.icon} aria-hidden="true" />
      <div className={styles.words}>
        <strong className={styles.title}>
          {isOther ? say('shell.otherVersion', { build: link.build }) : say('shell.lost')}
        </strong>{' '}
        {isOther
          ? say('shell.otherVersionHint')
          : heardAt === 0
            ? say('shell.lostBefore')
            : say('shell.lostHint', { time: format.clock(heardAt) })}
      </div>
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
