import type { TestTimes } from '../../app/contract/index.ts';
import { classes } from '../kit/classes.ts';
import { useFormat } from '../words/format.ts';
import { useWords, type WordId } from '../words/words.ts';
import { FoundText } from './FoundText.tsx';
import styles from './TimeSplit.module.css';

const parts = ['laptop', 'tunnel', 'dial', 'service'] as const;

const names: Readonly<Record<(typeof parts)[number], WordId>> = {
  laptop: 'services.timeLaptop',
  tunnel: 'services.timeTunnel',
  dial: 'services.timeDial',
  service: 'services.timeService',
};

/** Whose part of the time of a test is how long: a bar of the parts, each with its time, and what follows from that. */
export function TimeSplit({ times }: { readonly times: TestTimes }) {
  const say = useWords();
  const format = useFormat();
  return (
    <div className={styles.split}>
      <div className={styles.bar} aria-hidden="true">
        {parts.map((part) => {
          const took = times[part];
          return took === null ? null : <span key={part} className={styles[part]} style={{ flexGrow: took }} />;
        })}
      </div>
      <ul className={styles.parts} aria-label={say('services.time')}>
        {parts.map((part) => {
          const took = times[part];
          return (
            <li key={part} className={styles.part}>
              <span className={classes(styles.swatch, styles[part])} aria-hidden="true" />
              <span>{say(names[part])}</span>
              <span className={styles.took}>{took === null ? say('services.timeNotMeasured') : format.took(took)}</span>
            </li>
          );
        })}
      </ul>
      <p className={classes(styles.verdict, times.slow === 'nothing' ? undefined : styles.slow)}>
        <FoundText found={times} kind="lines" />
      </p>
    </div>
  );
}
