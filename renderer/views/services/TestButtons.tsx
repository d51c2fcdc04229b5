import { ExternalLink, Zap } from 'lucide-react';
import { openService } from '../../actions/open-service.ts';
import { testService } from '../../actions/test-service.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import type { ServiceTest } from '../../store/service-tests.ts';
import { useWords } from '../../words/words.ts';
import styles from './ServicePanel.module.css';

/** Tests the way to what the panel is open for, again where it was tested; opens its page where it has one. */
export function TestButtons({ test }: { readonly test: ServiceTest | null }) {
  const say = useWords();
  const actions = useActionContext();
  const run = useRunAction();
  return (
    <div className={styles.buttons}>
      <Button
        kind="primary"
        icon={Zap}
        disabled={test?.state === 'running' || !testService.isAvailable(actions)}
        onClick={() => run(testService)}
      >
        {test === null ? say('services.test') : say('services.testAgain')}
      </Button>
      {openService.isAvailable(actions) ? (
        <Button icon={ExternalLink} onClick={() => run(openService)}>
          {say('services.open')}
        </Button>
      ) : null}
    </div>
  );
}
