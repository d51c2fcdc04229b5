import type { ContextKey, Pod } from '../../../app/contract/index.ts';
import { chosenPodPort } from '../../actions/shown-pod.ts';
import { useNaming } from '../../actions/use-naming.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useApp, useServiceTest, useWindow } from '../../store/hooks.ts';
import { type PodForm, podAddressForms, portsOf } from '../../store/pod-address.ts';
import { podTestTarget } from '../../store/service-tests.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { AddressList } from '../services/AddressList.tsx';
import { LabelList } from '../services/LabelList.tsx';
import { PortChoice } from '../services/PortChoice.tsx';
import { RowPanel } from '../services/RowPanel.tsx';
import { Section } from '../services/Section.tsx';
import styles from '../services/ServicePanel.module.css';
import { TestButtons } from '../services/TestButtons.tsx';
import { TestSteps } from '../services/TestSteps.tsx';
import { ContainerList, ReasonList, ServicesOfPod } from './PodParts.tsx';
import { StatusBadge } from './pod-columns.tsx';

const formWords: Readonly<Record<PodForm, WordId>> = {
  address: 'pods.formAddress',
  'second-address': 'pods.formSecondAddress',
  'host-port': 'pods.formHostPort',
  url: 'services.formUrl',
  'pod-name': 'pods.formPodName',
  'own-name': 'services.formFullName',
  'short-own-name': 'services.formName',
  curl: 'services.formCurl',
};

/** One pod: why it is as it is, its addresses to copy, the way to it tested, what is in it and who leads to it. */
export function PodPanel({ context, pod }: { readonly context: ContextKey; readonly pod: Pod }) {
  const say = useWords();
  const app = useApp();
  const port = chosenPodPort(
    pod,
    useWindow((state) => state.podPort),
  );
  const test = useServiceTest(podTestTarget(context, pod, port?.port ?? 0));
  const naming = useNaming(context);
  const { namespace, name } = pod;
  return (
    <RowPanel
      list="pods"
      of={pod}
      label={say('pods.panelLabel', { name, namespace })}
      badge={<StatusBadge pod={pod} say={say} />}
      subtitle={<Subtitle pod={pod} />}
      actions={null}
    >
      <ReasonList pod={pod} />
      <PortChoice
        ports={portsOf(pod)}
        port={port}
        wordsOf={(one) => (one.name === '' ? `${one.port}` : `${cleanText(one.name, 40)} · ${one.port}`)}
        onChange={(next) => app.window.setState({ podPort: { namespace, name, port: next } })}
      />
      {port === null || pod.addresses.length === 0 ? null : (
        <Section title={say('services.test')}>
          <TestButtons test={test} />
          <TestSteps test={test} />
        </Section>
      )}
      <Section title={say('services.copy')}>
        {pod.hostNetwork ? <p className={styles.hint}>{say('pods.hostNetworkHint')}</p> : null}
        <AddressList
          forms={podAddressForms(pod, port, naming).map((form) => ({
            ...form,
            words: formWords[form.form],
          }))}
          first="address"
          none="pods.noAddress"
          onCopied={() => {}}
        />
      </Section>
      <ServicesOfPod context={context} pod={pod} />
      <ContainerList pod={pod} />
      <LabelList labels={pod.labels} />
    </RowPanel>
  );
}

/** Where it is, whose it is, and how old. */
function Subtitle({ pod: { namespace, owner, node, createdAt } }: { readonly pod: Pod }) {
  const format = useFormat();
  const now = useNow(60_000);
  const facts = [
    { id: 'namespace', text: namespace },
    { id: 'owner', text: owner === null ? '' : `${owner.kind} ${owner.name}` },
    { id: 'node', text: node },
    { id: 'age', text: createdAt > 0 ? format.duration(now - createdAt) : '' },
  ].filter(({ text }) => text !== '');
  return (
    <span className={styles.facts}>
      {facts.map(({ id, text }, index) => (
        <span key={id} className={styles.fact}>
          <ForeignText text={text} bound={80} />
          {index === facts.length - 1 ? '' : ' ·'}
        </span>
      ))}
    </span>
  );
}
