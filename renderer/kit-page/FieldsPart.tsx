import { Star } from 'lucide-react';
import { useState } from 'react';
import { Field } from '../kit/Field.tsx';
import { MultiSelect } from '../kit/MultiSelect.tsx';
import { Select } from '../kit/Select.tsx';
import { Tabs } from '../kit/Tabs.tsx';
import { SearchInput, TextInput } from '../kit/TextInput.tsx';
import { ToggleChip } from '../kit/ToggleChip.tsx';
import styles from './KitPage.module.css';
import { Part } from './Part.tsx';

const namespaces = Array.from({ length: 400 }, (_, index) =>
  index < 2 ? (['webshop', 'infra'][index] ?? '') : `team-${index}`,
);

export function FieldsPart() {
  const [text, setText] = useState('');
  const [range, setRange] = useState('10.300.0.0/16');
  const [chosen, setChosen] = useState<readonly string[]>(['webshop', 'infra']);
  const [isReady, setReady] = useState(false);
  const [isPinned, setPinned] = useState(true);
  const [mode, setMode] = useState<'automatic' | 'off'>('automatic');
  const [tab, setTab] = useState<'services' | 'routes' | 'agent'>('services');
  return (
    <>
      <Part title="Search and filters">
        <div className={styles.wide}>
          <SearchInput value={text} onChange={setText} label="Search services" keys="/" isPrimary />
        </div>
        <MultiSelect
          label="Namespace"
          allWords="All namespaces"
          values={namespaces}
          chosen={chosen}
          onChange={setChosen}
        />
        <ToggleChip isOn={isReady} onChange={setReady}>
          Ready only
        </ToggleChip>
        <ToggleChip icon={Star} isOn={isPinned} onChange={setPinned}>
          Pinned
        </ToggleChip>
      </Part>
      <Part title="Fields">
        <div className={styles.wide}>
          <Field label="Base image" hint="An image with a shell that the cluster can pull.">
            {(links) => <TextInput {...links} isCode value="docker.io/library/busybox:1.37" onChange={() => {}} />}
          </Field>
        </div>
        <div className={styles.wide}>
          <Field
            label="Extra range"
            hint="In CIDR form."
            error={range === '10.300.0.0/16' ? '300 is no part of an address; 0 to 255 are.' : null}
          >
            {(links) => <TextInput {...links} isCode value={range} onChange={setRange} />}
          </Field>
        </div>
        <Field label="Resolver mode">
          {({ id }) => (
            <Select
              id={id}
              value={mode}
              onChange={setMode}
              choices={[
                { value: 'automatic', words: 'Automatic' },
                { value: 'off', words: 'Off: routes without names' },
              ]}
            />
          )}
        </Field>
      </Part>
      <Part title="Tabs">
        <Tabs
          label="Views of the cluster"
          value={tab}
          onChange={setTab}
          tabs={[
            { value: 'services', words: 'Services', count: '148' },
            { value: 'routes', words: 'Routes & names' },
            { value: 'agent', words: 'Agent' },
          ]}
        >
          {null}
        </Tabs>
      </Part>
    </>
  );
}
