import { Unplug } from 'lucide-react';
import type { Connection, Context, ContextKey } from '../../../app/contract/index.ts';
import { Card } from '../../kit/Card.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { Page } from '../../shell/Page.tsx';
import { useChosenConnection, useChosenContext, useIsLive, useWindow } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { PodPanelSlot } from '../pods/PodPanelSlot.tsx';
import { OpenDialog } from '../services/OpenDialog.tsx';
import { ServicePanelSlot } from '../services/ServicePanelSlot.tsx';
import { ClusterSubtitle } from './ClusterSubtitle.tsx';
import styles from './ClusterView.module.css';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { ConnectedStage } from './ConnectedStage.tsx';
import { ContextFacts } from './ContextFacts.tsx';
import { DisconnectingStage } from './DisconnectingStage.tsx';
import { FailedStage } from './FailedStage.tsx';
import { NoCluster } from './NoCluster.tsx';
import { OffStage } from './OffStage.tsx';
import { PowerSwitch } from './PowerSwitch.tsx';
import { PreparingStage } from './PreparingStage.tsx';

/** The chosen cluster: one switch, and below it whatever its state calls for. */
export function ClusterView() {
  const context = useChosenContext();
  const chosen = useWindow((state) => state.chosen);
  return context === null || chosen === null ? (
    <NoCluster />
  ) : (
    <Cluster key={`${chosen.file} ${chosen.context}`} context={context} chosen={chosen} />
  );
}

function Cluster({ context, chosen }: { readonly context: Context; readonly chosen: ContextKey }) {
  const connection = useChosenConnection();
  return (
    <Page
      layout="full"
      title={<ForeignText text={context.name} cut="start" />}
      subtitle={<ClusterSubtitle context={context} connection={connection} />}
      actions={<PowerSwitch context={context} connection={connection} />}
      panel={
        <>
          <ServicePanelSlot context={chosen} />
          <PodPanelSlot context={chosen} />
        </>
      }
    >
      <Stage context={context} chosen={chosen} connection={connection} />
      <ConfirmDialog />
      <OpenDialog />
    </Page>
  );
}

interface StageProps {
  readonly context: Context;
  readonly chosen: ContextKey;
  readonly connection: Connection | null;
}

function Stage({ context, chosen, connection }: StageProps) {
  const say = useWords();
  const isLive = useIsLive();
  if (context.problem !== null) {
    return (
      <div className={styles.stage}>
        <VisuallyHidden>
          <h2>{say('home.contextTitle')}</h2>
        </VisuallyHidden>
        {/* The file may be in order: it is this context that is not. */}
        <ProblemCard problem={context.problem} title={say('home.brokenTitle', { name: context.name })} />
        <Card className={styles.panel}>
          <ContextFacts context={context} />
        </Card>
      </div>
    );
  }
  if (!isLive && (connection?.phase === 'preparing' || connection?.phase === 'disconnecting')) {
    return (
      <EmptyState icon={Unplug} title={say('state.unknown')}>
        {say('home.unknownHint')}
      </EmptyState>
    );
  }
  switch (connection?.phase) {
    case 'connected':
    case 'reconnecting':
      return <ConnectedStage context={chosen} connection={connection} />;
    case 'preparing':
      return <PreparingStage connection={connection} />;
    case 'disconnecting':
      return <DisconnectingStage connection={connection} />;
    case 'failed':
      return <FailedStage context={context} connection={connection} />;
    default:
      return <OffStage context={context} chosen={chosen} last={connection?.last ?? null} />;
  }
}
