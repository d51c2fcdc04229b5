import { Check, Copy as CopyIcon, TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useWords } from '../words/words.ts';
import { Button, type ButtonProps } from './Button.tsx';
import { useCopy } from './copying.ts';
import { VisuallyHidden } from './VisuallyHidden.tsx';

/** How long it says what became of it, in milliseconds. */
const shown = 2000;

/** Copies a text and says so, to the eye and to assistive software. */
export function CopyButton({
  text,
  name,
  kind = 'quiet',
  size = 'small',
  onCopied,
}: {
  readonly text: string;
  /** What is copied ("URL"): the button is called "Copy URL". */
  readonly name: string;
  readonly kind?: ButtonProps['kind'];
  readonly size?: ButtonProps['size'];
  readonly onCopied?: (() => void) | undefined;
}) {
  const say = useWords();
  const copy = useCopy();
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'failed'>('none');
  useEffect(() => {
    if (outcome === 'none') {
      return;
    }
    const timer = setTimeout(() => setOutcome('none'), shown);
    return () => clearTimeout(timer);
  }, [outcome]);
  const words =
    outcome === 'copied' ? say('kit.copied') : outcome === 'failed' ? say('kit.copyFailed') : say('kit.copy');
  return (
    <>
      <Button
        kind={kind}
        size={size}
        icon={outcome === 'copied' ? Check : outcome === 'failed' ? TriangleAlert : CopyIcon}
        aria-label={outcome === 'none' ? say('kit.copyNamed', { name }) : words}
        onClick={async () => {
          const isCopied = await copy(text);
          setOutcome(isCopied ? 'copied' : 'failed');
          if (isCopied) {
            onCopied?.();
          }
        }}
      >
        {words}
      </Button>
      <VisuallyHidden>
        <span role="status">{outcome === 'none' ? '' : words}</span>
      </VisuallyHidden>
    </>
  );
}
