import { ServerOff } from 'lucide-react';
import { useState } from 'react';
import { problem } from '../../app/contract/index.ts';
import { Button } from '../kit/Button.tsx';
import { Card } from '../kit/Card.tsx';
import { CodeBlock } from '../kit/CodeBlock.tsx';
import { Dialog } from '../kit/Dialog.tsx';
import { EmptyState } from '../kit/EmptyState.tsx';
import { ForeignText } from '../kit/ForeignText.tsx';
import { ProblemCard } from '../kit/ProblemCard.tsx';
import { Progress } from '../kit/Progress.tsx';
import { sampleForbidden } from '../preview/samples.ts';
import { useApp } from '../store/hooks.ts';
import styles from './KitPage.module.css';
import { Part } from './Part.tsx';

const hostile = 'pay\u202eslla\u202c\u0000ments\u200b‮ <img src=x onerror=alert(1)> '.repeat(8);

export function NoticesPart() {
  const { toasts } = useApp();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Part title="Problems">
        <div className={styles.wide}>
          <ProblemCard problem={sampleForbidden} actions={<Button kind="primary">Try again</Button>} />
        </div>
        <div className={styles.wide}>
          <ProblemCard problem={problem('resolver-unset', 'resolvectl: Access denied')} />
        </div>
        <div className={styles.wide}>
          <ProblemCard
            problem={problem('agent-image-unpullable', 'Back-off pulling image "corp/base:1"', {
              image: 'corp/base:1',
              context: 'staging-eu',
            })}
          />
        </div>
      </Part>
      <Part title="Long work">
        <div className={styles.wide}>
          <Progress text="Building the sandbox: etcd" fraction={0.42} />
        </div>
        <div className={styles.wide}>
          <Progress text="Waiting for the agent pod" fraction={null} />
        </div>
      </Part>
      <Part title="Text of a cluster, commands">
        <Card className={`${styles.wide} ${styles.padded}`}>
          <ForeignText text={hostile} />
        </Card>
        <div className={styles.wide}>
          <CodeBlock text="slipway connect staging-eu --base-image IMAGE" label="A command" />
        </div>
      </Part>
      <Part title="Dialogs and notes">
        <Button onClick={() => setOpen(true)}>Open a dialog</Button>
        <Button onClick={() => toasts.getState().show({ tone: 'fine', text: 'Copied orders.webshop:80' })}>
          A note
        </Button>
        <Button
          onClick={() => toasts.getState().show({ tone: 'bad', text: 'Another connection is on: test-frankfurt' })}
        >
          A bad note
        </Button>
        <Dialog
          isOpen={isOpen}
          onClose={() => setOpen(false)}
          title="Remove this kubeconfig?"
          description="The file itself stays where it is."
          footer={
            <>
              <Button onClick={() => setOpen(false)}>Cancel</Button>
              <Button kind="bad" onClick={() => setOpen(false)}>
                Remove
              </Button>
            </>
          }
        />
      </Part>
      <Part title="Nothing here">
        <EmptyState
          icon={ServerOff}
          title="No services"
          actions={
            <>
              <Button kind="primary">Show all namespaces</Button>
              <Button>Clear the filter</Button>
            </>
          }
        >
          The namespaces in view have none. Choose others, or look at all that you may see.
        </EmptyState>
      </Part>
    </>
  );
}
