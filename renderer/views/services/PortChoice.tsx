import { Select } from '../../kit/Select.tsx';
import { useWords } from '../../words/words.ts';
import { Section } from './Section.tsx';

/** At which of its ports a Service or a pod is meant; nothing where there is no choice. */
export function PortChoice<Port extends { readonly port: number }>({
  ports,
  port,
  wordsOf,
  onChange,
}: {
  readonly ports: readonly Port[];
  readonly port: Port | null;
  readonly wordsOf: (port: Port) => string;
  readonly onChange: (port: number) => void;
}) {
  const say = useWords();
  return ports.length < 2 || port === null ? null : (
    <Section title={say('services.port')}>
      <Select
        label={say('services.port')}
        value={`${port.port}`}
        choices={ports.map((one) => ({ value: `${one.port}`, words: wordsOf(one) }))}
        onChange={(next) => onChange(Number(next))}
      />
    </Section>
  );
}
