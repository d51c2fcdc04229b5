import { Button } from '../../kit/Button.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';

/** Before a page of a cluster is opened in the user's browser: which one it is. */
export function OpenDialog() {
  const say = useWords();
  const app = useApp();
  const url = useWindow((state) => state.opening);
  const close = () => app.window.setState({ opening: null });
  return (
    <Dialog
      isOpen={url !== null}
      onClose={close}
      title={say('services.openTitle')}
      description={say('services.openHint')}
      footer={
        <>
          <Button onClick={close}>{say('kit.cancel')}</Button>
          <Button
            kind="primary"
            data-autofocus=""
            onClick={async () => {
              close();
              if (url !== null && !(await app.host.openExternal(url))) {
                app.toasts.getState().show({ tone: 'bad', text: say('services.openRefused') });
              }
            }}
          >
            {say('services.openNow')}
          </Button>
        </>
      }
    >
      <ForeignText text={url ?? ''} kind="code" />
    </Dialog>
  );
}
