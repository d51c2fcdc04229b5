import type { Connection } from '../../../app/contract/index.ts';
import { Progress } from '../../kit/Progress.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

/** After so many milliseconds it says what may take long. */
const patience = 4000;

export function DisconnectingStage({
  connection,
}: {
  readonly connection: Extract<Connection, { phase: 'disconnecting' }>;
}) {
  const say = useWords();
  const now = useNow(500);
  return (
    <div className={styles.stage}>
      <div className={styles.narrow}>
        <Progress text={say('home.disconnecting')} fraction={null} />
        <p className={styles.second}>
          {now - connection.startedAt > patience ? say('home.disconnectingLong') : say('home.disconnectingHint')}
        </p>
      </div>
    </div>
  );
}
