import { Command } from 'cmdk';
import { Box, Search } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { connectionOf, keyText } from '../../app/contract/index.ts';
import { actions } from '../actions/registry.ts';
import { useActionContext, useRunAction } from '../actions/use-action.ts';
import { ForeignText } from '../kit/ForeignText.tsx';
import { KeyHint } from '../kit/KeyHint.tsx';
import { StateDot } from '../kit/StateDot.tsx';
import { stateOf } from '../parts/connection-state.ts';
import { useApp, useContexts, useMirror, useServices, useWindow } from '../store/hooks.ts';
import { contextKey } from '../store/listings.ts';
import { serviceKey } from '../store/services.ts';
import { useWords } from '../words/words.ts';
import styles from './Palette.module.css';
import { contextText, fitting, serviceText, wordsOf } from './palette-items.ts';

/** Everything by name: Mod+K. */
export function Palette() {
  const say = useWords();
  const app = useApp();
  const isOpen = useWindow((state) => state.isPaletteOpen);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(isPaletteOpen) => app.window.setState({ isPaletteOpen })}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.scrim} />
        <Dialog.Content className={styles.palette} aria-describedby={undefined}>
          <Dialog.Title hidden>{say('shell.palette')}</Dialog.Title>
          <Inside onDone={() => app.window.setState({ isPaletteOpen: false })} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Inside({ onDone }: { readonly onDone: () => void }) {
  const say = useWords();
  const [text, setText] = useState('');
  return (
    <Command label={say('shell.palette')} shouldFilter={false} loop>
      <div className={styles.field}>
        <Search className={styles.icon} aria-hidden="true" />
        <Command.Input
          className={styles.input}
          placeholder={say('shell.paletteHint')}
          value={text}
          onValueChange={setText}
        />
        <KeyHint keys="Escape" />
      </div>
      <Command.List className={styles.list}>
        <Command.Empty className={styles.empty}>{say('shell.paletteEmpty', { text })}</Command.Empty>
        <Clusters text={text} onDone={onDone} />
        <FoundServices text={text} onDone={onDone} />
        <Actions text={text} onDone={onDone} />
      </Command.List>
    </Command>
  );
}

interface Part {
  readonly text: string;
  readonly onDone: () => void;
}

function Actions({ text, onDone }: Part) {
  const say = useWords();
  const context = useActionContext();
  const run = useRunAction();
  const found = fitting(
    actions.filter((action) => action.isKeyOnly !== true && action.isAvailable(context)),
    wordsOf(text),
    (action) => say(action.words),
  );
  return found.length === 0 ? null : (
    <Command.Group heading={say('shell.paletteActions')} className={styles.group}>
      {found.map((action) => (
        <Command.Item
          key={action.id}
          value={`action ${action.id}`}
          className={styles.item}
          onSelect={() => {
            onDone();
            run(action);
          }}
        >
          <action.icon className={styles.icon} aria-hidden="true" />
          <span className={styles.words}>{say(action.words)}</span>
          {action.keys === undefined ? null : <KeyHint keys={action.keys} />}
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function Clusters({ text, onDone }: Part) {
  const say = useWords();
  const app = useApp();
  const contexts = useContexts((state) => state.contexts);
  const snapshot = useMirror((mirror) => mirror.snapshot);
  const found = fitting(contexts, wordsOf(text), contextText).slice(0, text === '' ? 5 : 10);
  return found.length === 0 ? null : (
    <Command.Group heading={say('shell.paletteClusters')} className={styles.group}>
      {found.map((context) => {
        const key = contextKey(context);
        const state = stateOf(connectionOf(snapshot, key));
        return (
          <Command.Item
            key={keyText(key)}
            value={`cluster ${keyText(key)}`}
            className={styles.item}
            onSelect={() => {
              app.window.setState({ view: 'cluster', chosen: key, service: null });
              onDone();
            }}
          >
            <span className={styles.mark}>
              <StateDot state={state} />
            </span>
            <span className={styles.words}>
              <ForeignText text={context.name} />
            </span>
            <span className={styles.detail}>{say(`state.${state}`)}</span>
          </Command.Item>
        );
      })}
    </Command.Group>
  );
}

function FoundServices({ text, onDone }: Part) {
  const say = useWords();
  const app = useApp();
  const rows = useServices((state) => state.rows);
  const context = useServices((state) => state.context);
  const found = text.trim() === '' ? [] : fitting(rows, wordsOf(text), serviceText).slice(0, 12);
  return found.length === 0 ? null : (
    <Command.Group heading={say('shell.paletteServices')} className={styles.group}>
      {found.map((service) => (
        <Command.Item
          key={serviceKey(service)}
          value={`service ${serviceKey(service)}`}
          className={styles.item}
          onSelect={() => {
            const { namespace, name } = service;
            app.window.setState({ view: 'cluster', tab: 'services', chosen: context, service: { namespace, name } });
            onDone();
          }}
        >
          <Box className={styles.icon} aria-hidden="true" />
          <span className={styles.words}>
            <ForeignText text={service.name} />
          </span>
          <span className={styles.detail}>
            <ForeignText text={service.namespace} />
          </span>
        </Command.Item>
      ))}
    </Command.Group>
  );
}
