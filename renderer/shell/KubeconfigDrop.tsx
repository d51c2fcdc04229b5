import { FileDown } from 'lucide-react';
import { useEffect, useState } from 'react';
import { addFiles } from '../actions/add-kubeconfig.ts';
import { useActionContext } from '../actions/use-action.ts';
import { useWords } from '../words/words.ts';
import styles from './KubeconfigDrop.module.css';
import { takesText } from './keys.ts';

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Takes kubeconfigs that are dropped anywhere, and says so while they hover. Whatever is dropped is never opened as a page. */
export function KubeconfigDrop() {
  const say = useWords();
  const context = useActionContext();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    // Each element that the pointer passes tells of entering and of leaving: they are even when it is outside.
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (holdsFiles(event)) {
        event.preventDefault();
        depth += 1;
        setOver(true);
      }
    };
    const over = (event: DragEvent) => {
      // Text may be dragged into a field; everything else that is no file would be opened as a page.
      if (event.dataTransfer !== null && (holdsFiles(event) || !takesText(event.target))) {
        event.preventDefault();
        event.dataTransfer.dropEffect = holdsFiles(event) ? 'copy' : 'none';
      }
    };
    const leave = (event: DragEvent) => {
      if (holdsFiles(event)) {
        depth -= 1;
        setOver(depth > 0);
      }
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (holdsFiles(event)) {
        event.preventDefault();
        void addFiles(context, [...(event.dataTransfer?.files ?? [])]);
      }
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [context]);
  return isOver ? (
    <div className={styles.over} role="status">
      <div className={styles.frame}>
        <div className={styles.note}>
          <FileDown className={styles.icon} aria-hidden="true" />
          <strong className={styles.title}>{say('settings.dropHere')}</strong>
          <span className={styles.hint}>{say('settings.dropHint')}</span>
        </div>
      </div>
    </div>
  ) : null;
}
