import { ExternalLink, Star, Zap } from 'lucide-react';
import { type ContextKey, type CopyForm, isSameKey, portText, type Service } from '../../../app/contract/index.ts';
import { openService } from '../../actions/open-service.ts';
import { pinService } from '../../actions/pin-service.ts';
import { chosenPort, namingOf } from '../../actions/shown-service.ts';
import { testService } from '../../actions/test-service.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { IconButton } from '../../kit/IconButton.tsx';
import { Select } from '../../kit/Select.tsx';
import { SidePanel } from '../../kit/SidePanel.tsx';
import { useNow } from '../../parts/use-now.ts';
import { addressForms, formToCopy } from '../../store/address-forms.ts';
import { useApp, useServiceTest, useSettings, useWindow } from '../../store/hooks.ts';
import { testTarget } from '../../store/service-tests.ts';
import { panelWidths } from '../../store/window.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { AddressList } from './AddressList.tsx';
import { EndpointList } from './EndpointList.tsx';
import { formWords } from './form-words.ts';
import { LabelList } from './LabelList.tsx';
import { Section } from './Section.tsx';
import styles from './ServicePanel.module.css';
import { entryOf } from './service-entries.ts';
import { TestSteps } from './TestSteps.tsx';

/** One Service: its addresses to copy, the way to it tested, what is behind it. */
export function ServicePanel({ context, service }: { readonly context: ContextKey; readonly service: Service }) {
  const say = useWords();
  const app = useApp();
  const actions = useActionContext();
  const run = useRunAction();
  const settings = useSettings();
  const width = useWindow((state) => state.panelWidth);
  const choice = useWindow((state) => state.port);
  const port = chosenPort(service, choice);
  const test = useServiceTest(testTarget(context, service, port?.port ?? 0));
  const forms = addressForms(service, port, namingOf(app, context));
  const { namespace, name } = service;
  const isPinned = settings?.pinnedServices.some(
    (one) => isSameKey(one, context) && one.namespace === namespace && one.name === name,
  );
  return (
    <SidePanel
      label={say('services.panelLabel', { name, namespace })}
      title={
        <>
          <ForeignText text={cleanText(name).trim() === '' ? say('services.unseenName') : name} bound={80} />
          <Badge>{service.headless ? say('services.headless') : service.type}</Badge>
        </>
      }
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
      onClose={() => {
        app.window.setState({ service: null });
        document.querySelector<HTMLElement>('[data-list-grid]')?.focus();
      }}
      width={width}
      widths={panelWidths}
      onWidth={(panelWidth) => app.window.setState({ panelWidth })}
    >
      {service.ports.length < 2 || port === null ? null : (
        <Section title={say('services.port')}>
          <Select
            label={say('services.port')}
            value={`${port.port}`}
            choices={service.ports.map((one) => ({
              value: `${one.port}`,
              words: portText(one),
            }))}
            onChange={(next) => app.window.setState({ port: { namespace, name, port: Number(next) } })}
          />
        </Section>
      )}
      {port === null ? null : (
        <Section title={say('services.test')}>
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
          <TestSteps test={test} />
        </Section>
      )}
      <Section title={say('services.copy')}>
        <AddressList
          forms={forms.map(({ form, text }) => ({ form, text, words: formWords[form] }))}
          first={formToCopy(forms, settings?.copyForm ?? 'host-port')?.form ?? null}
          none="services.noForms"
          onCopied={(form) => void app.settings.change({ copyForm: form as CopyForm })}
        />
      </Section>
      <EndpointList key={`${namespace}/${name}`} service={service} />
      <LabelList labels={service.labels} />
    </SidePanel>
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
