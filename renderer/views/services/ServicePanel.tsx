import { Star } from 'lucide-react';
import { type ContextKey, type CopyForm, portText, type Service } from '../../../app/contract/index.ts';
import { pinService } from '../../actions/pin-service.ts';
import { chosenPort } from '../../actions/shown-service.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { useNaming } from '../../actions/use-naming.ts';
import { Badge } from '../../kit/Badge.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { IconButton } from '../../kit/IconButton.tsx';
import { useNow } from '../../parts/use-now.ts';
import { addressForms, formToCopy } from '../../store/address-forms.ts';
import { useApp, usePinned, useRangePairs, useServiceTest, useSettings, useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { testTarget } from '../../store/service-tests.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { AddressList } from './AddressList.tsx';
import { EndpointList } from './EndpointList.tsx';
import { formWords } from './form-words.ts';
import { LabelList } from './LabelList.tsx';
import { PortChoice } from './PortChoice.tsx';
import { RowPanel } from './RowPanel.tsx';
import { Section } from './Section.tsx';
import styles from './ServicePanel.module.css';
import { entryOf } from './service-entries.ts';
import { TestButtons } from './TestButtons.tsx';
import { TestSteps } from './TestSteps.tsx';

/** One Service: its addresses to copy, the way to it tested, what is behind it. */
export function ServicePanel({ context, service }: { readonly context: ContextKey; readonly service: Service }) {
  const say = useWords();
  const app = useApp();
  const run = useRunAction();
  const settings = useSettings();
  const choice = useWindow((state) => state.port);
  const port = chosenPort(service, choice);
  const test = useServiceTest(testTarget(context, service, port?.port ?? 0));
  const pairs = useRangePairs(context);
  const forms = addressForms(service, port, useNaming(context));
  const { namespace, name } = service;
  const isPinned = usePinned(context).has(serviceKey(service));
  return (
    <RowPanel
      list="services"
      of={service}
      label={say('services.panelLabel', { name, namespace })}
      badge={<Badge>{service.headless ? say('services.headless') : service.type}</Badge>}
      subtitle={<Subtitle service={service} />}
      actions={
        <IconButton
          icon={Star}
          label={isPinned ? say('services.unpin') : say('services.pin')}
          keys="P"
          size="small"
          isPressed={isPinned}
          className={isPinned ? styles.pinned : undefined}
          onClick={() => run(pinService)}
        />
      }
    >
      <PortChoice
        ports={service.ports}
        port={port}
        wordsOf={portText}
        onChange={(next) => app.window.setState({ port: { namespace, name, port: next } })}
      />
      {port === null ? null : (
        <Section title={say('services.test')}>
          <TestButtons test={test} />
          <TestSteps test={test} />
        </Section>
      )}
      <Section title={say('services.copy')}>
        <AddressList
          forms={forms.map((one) => ({ ...one, words: formWords[one.form] }))}
          first={formToCopy(forms, settings?.copyForm ?? 'host-port')?.form ?? null}
          none="services.noForms"
          onCopied={(form) => void app.settings.change({ copyForm: form as CopyForm })}
        />
      </Section>
      <EndpointList key={`${namespace}/${name}`} service={service} pairs={pairs} />
      <LabelList labels={service.labels} />
    </RowPanel>
  );
}

function Subtitle({ service }: { readonly service: Service }) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const { ready, readiness } = entryOf(service);
  const state =
    readiness === 'outside' ? say('services.outsideLong') : say('services.endpointsReady', { count: ready });
  return (
    <>
      <ForeignText text={service.namespace} bound={80} /> · {state}
      {service.createdAt > 0 ? ` · ${format.duration(now - service.createdAt)}` : null}
    </>
  );
}
