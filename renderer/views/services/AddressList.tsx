import type { CopyForm } from '../../../app/contract/index.ts';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { type AddressForm, formToCopy } from '../../store/address-forms.ts';
import { useApp } from '../../store/hooks.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ServicePanel.module.css';

const wordsOf: Readonly<Record<CopyForm, WordId>> = {
  name: 'services.formName',
  'full-name': 'services.formFullName',
  'short-name': 'services.formShortName',
  'host-port': 'services.formHostPort',
  url: 'services.formUrl',
  'cluster-ip': 'services.formClusterIp',
  environment: 'services.formEnvironment',
  curl: 'services.formCurl',
  psql: 'services.formPsql',
  'redis-cli': 'services.formRedis',
  grpcurl: 'services.formGrpcurl',
};

/** Every form of the address with its own button; the one that C copies comes first. */
export function AddressList({ forms, last }: { readonly forms: readonly AddressForm[]; readonly last: CopyForm }) {
  const say = useWords();
  const app = useApp();
  const first = formToCopy(forms, last);
  if (first === null) {
    return <p className={styles.hint}>{say('services.noForms')}</p>;
  }
  return (
    <ul className={styles.list}>
      {[first, ...forms.filter((form) => form !== first)].map(({ form, text }) => (
        <li key={form} className={styles.address}>
          <span className={styles.form}>
            {form === last ? say('services.formLastUsed', { form: say(wordsOf[form]) }) : say(wordsOf[form])}
          </span>
          <span className={styles.addressText}>
            <ForeignText text={text} kind="code" />
          </span>
          <span className={styles.addressCopy}>
            <CopyButton
              text={text}
              name={say(wordsOf[form])}
              onCopied={() => void app.settings.change({ copyForm: form })}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}
