import { useState } from 'react';
import type { Service } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords } from '../../words/words.ts';
import { Section } from './Section.tsx';
import styles from './ServicePanel.module.css';

/** Endpoints drawn before one asks for all. */
const few = 8;

/** What is behind a Service: addresses with their pods and nodes; or why there are none. */
export function EndpointList({ service }: { readonly service: Service }) {
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
            <Badge tone={ready ? 'fine' : 'bad'}>{ready ? say('services.ready') : say('services.notReady')}</Badge>
            <ForeignText text={address} kind="code" />
            {pod === '' && node === '' ? null : (
              <span className={styles.pod}>
                <ForeignText text={node === '' ? pod : `${pod} · ${node}`} />
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
