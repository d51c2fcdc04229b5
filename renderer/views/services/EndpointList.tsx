import { useState } from 'react';
import { type RangePair, type Service, type ServiceKey, toldBy } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useApp } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { Section } from './Section.tsx';
import styles from './ServicePanel.module.css';
import { WorkingAddress } from './WorkingAddress.tsx';

/** Endpoints drawn before one asks for all. */
const few = 8;

/** What is behind a Service: addresses with their pods and nodes; or why there are none. */
export function EndpointList({ service, pairs }: { readonly service: Service; readonly pairs: readonly RangePair[] }) {
  const say = useWords();
  const [isWhole, setWhole] = useState(false);
  const { endpoints, type, externalName } = service;
  if (type === 'ExternalName') {
    return (
      <Section title={say('services.leadsTo')}>
        <ForeignText text={externalName} kind="code" />
        <p className={styles.hint}>{say('services.externalHint')}</p>
      </Section>
    );
  }
  if (endpoints.length === 0) {
    return (
      <Section title={say('services.endpoints')}>
        <p className={styles.hint}>{say('services.noEndpoints')}</p>
      </Section>
    );
  }
  const shown = isWhole ? endpoints : endpoints.slice(0, few);
  return (
    <Section title={say('services.endpoints')} detail={<span>{endpoints.length}</span>}>
      {service.headless ? <p className={styles.hint}>{say('services.headlessHint')}</p> : null}
      <ul className={styles.list}>
        {shown.map(({ address, ready, pod, node }) => (
          <li key={`${address} ${pod}`} className={styles.endpoint}>
            <WorkingAddress real={address} pairs={pairs} />
            <Badge tone={ready ? 'fine' : 'bad'}>{ready ? say('services.ready') : say('services.notReady')}</Badge>
            <CopyButton
              text={toldBy(pairs, address)}
              name={say('services.copyEndpoint', { address: toldBy(pairs, address) })}
              kind="ghost"
            />
            {pod === '' && node === '' ? null : (
              <span className={styles.pod}>
                {pod === '' ? null : <PodLink namespace={service.namespace} name={pod} />}
                {node === '' ? null : (
                  <>
                    {pod === '' ? '' : ' · '}
                    <ForeignText text={node} />
                  </>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
      {shown.length === endpoints.length ? null : (
        <Button size="small" kind="ghost" onClick={() => setWhole(true)}>
          {say('services.allEndpoints', { count: endpoints.length })}
        </Button>
      )}
    </Section>
  );
}

/** Leads to the pod behind an endpoint. */
function PodLink({ namespace, name }: ServiceKey) {
  const say = useWords();
  const { window: store } = useApp();
  return (
    <button
      type="button"
      className={styles.podLink}
      aria-label={say('pods.openPod', { name })}
      onClick={() => store.setState({ tab: 'pods', pod: { namespace, name }, podCursor: { namespace, name } })}
    >
      <ForeignText text={name} />
    </button>
  );
}
