import { ExternalLink, KeyRound } from 'lucide-react';
import { Fragment } from 'react';
import type { Login } from '../../app/contract/index.ts';
import { Button } from '../kit/Button.tsx';
import { CopyButton } from '../kit/CopyButton.tsx';
import { ForeignText } from '../kit/ForeignText.tsx';
import { partsOfLogin } from '../parts/login-words.ts';
import { useApp, useIsLive, useMirror } from '../store/hooks.ts';
import { cleanText } from '../words/clean-text.ts';
import { useWords } from '../words/words.ts';
import banner from './LinkBanner.module.css';
import styles from './LoginBanner.module.css';

/** More than one screen can hold: the rest comes when these are done. */
const mostShown = 3;

/** Credential plugins that wait for their user, wherever one looks: what they say, what to copy of it, what to open. */
export function LoginBanner() {
  const say = useWords();
  const logins = useMirror((mirror) => mirror.snapshot?.logins ?? null);
  const isLive = useIsLive();
  if (logins === null || logins.length === 0 || !isLive) {
    return null;
  }
  return (
    <section aria-label={say('shell.logins')}>
      <ul className={styles.list}>
        {logins.slice(0, mostShown).map((login) => (
          <li key={`${login.since} ${login.file} ${login.context}`} className={banner.banner}>
            <OneLogin login={login} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneLogin({ login: { context, file, said, cancellable } }: { readonly login: Login }) {
  const say = useWords();
  const { host, toasts } = useApp();
  const { addresses, codes } = partsOfLogin(said);
  const open = async (address: string) => {
    if (!(await host.openExternal(address))) {
      toasts.getState().show({ tone: 'bad', text: say('shell.loginNotOpened') });
    }
  };
  return (
    <>
      <KeyRound className={banner.icon} aria-hidden="true" />
      <div className={banner.words} role="status">
        <strong className={banner.title}>{say('shell.loginWaits', { context: cleanText(context) })}</strong>
        <ForeignText text={said} kind="lines" bound={2000} className={styles.said} />
      </div>
      <div className={styles.parts}>
        {codes.map((code) => (
          <Fragment key={code}>
            <ForeignText text={code} kind="code" className={styles.code} />
            <CopyButton text={code} name={say('shell.loginCode')} />
          </Fragment>
        ))}
        {addresses.map((address) => (
          <Fragment key={address}>
            <ForeignText text={address} kind="code" className={styles.address} />
            <CopyButton text={address} name={say('shell.loginAddress')} />
            <Button size="small" icon={ExternalLink} onClick={() => void open(address)}>
              {say('shell.loginOpen')}
            </Button>
          </Fragment>
        ))}
        {codes.length + addresses.length === 0 ? (
          <CopyButton text={cleanText(said, 2000)} name={say('shell.loginWords')} />
        ) : null}
        {cancellable ? (
          <Button size="small" onClick={() => void host.link.call('cancelLogin', { context, file })}>
            {say('kit.cancel')}
          </Button>
        ) : null}
      </div>
    </>
  );
}
