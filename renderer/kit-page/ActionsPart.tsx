import { Copy, Pin, Play, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '../kit/Badge.tsx';
import { Button } from '../kit/Button.tsx';
import { CopyButton } from '../kit/CopyButton.tsx';
import { IconButton } from '../kit/IconButton.tsx';
import { KeyHint } from '../kit/KeyHint.tsx';
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuSeparator } from '../kit/Menu.tsx';
import { StateDot, type StateName } from '../kit/StateDot.tsx';
import { Switch } from '../kit/Switch.tsx';
import { Tooltip } from '../kit/Tooltip.tsx';
import styles from './KitPage.module.css';
import { Part } from './Part.tsx';

const states: readonly StateName[] = [
  'off',
  'preparing',
  'connected',
  'degraded',
  'reconnecting',
  'disconnecting',
  'failed',
  'unknown',
];

export function ActionsPart() {
  const [isOn, setOn] = useState(true);
  const [isPinned, setPinned] = useState(true);
  const [isCompact, setCompact] = useState(false);
  return (
    <>
      <Part title="Buttons">
        <Button kind="primary">Test again</Button>
        <Button>Open in browser</Button>
        <Button icon={Plus}>Add a kubeconfig</Button>
        <Button kind="ghost" icon={Play} keys="T">
          Test
        </Button>
        <Button kind="bad" icon={Trash2}>
          Remove
        </Button>
        <Button disabled>Not now</Button>
        <Button kind="primary" disabled>
          Not now
        </Button>
        <Button size="small" icon={Copy}>
          Small
        </Button>
        <CopyButton text="orders.webshop:80" name="name and port" />
        <CopyButton text="refused" name="what the clipboard refuses" />
        <IconButton icon={Pin} label="Pin" isPressed={isPinned} onClick={() => setPinned(!isPinned)} />
        <IconButton icon={Trash2} label="Remove" size="small" keys="Delete" />
        <Tooltip text="Never the only place where something is said">
          <Button kind="ghost">With a tooltip</Button>
        </Tooltip>
        <Menu trigger={<Button>Menu</Button>} label="Menu">
          <MenuLabel>Service</MenuLabel>
          <MenuItem icon={Copy} keys="C" onSelect={() => {}}>
            Copy
          </MenuItem>
          <MenuItem isDisabled onSelect={() => {}}>
            Open in browser
          </MenuItem>
          <MenuCheck isOn={isCompact} onChange={setCompact}>
            Compact rows
          </MenuCheck>
          <MenuSeparator />
          <MenuItem icon={Trash2} isBad onSelect={() => {}}>
            Forget
          </MenuItem>
        </Menu>
        <KeyHint keys="Mod+K" />
        <KeyHint keys="/" />
      </Part>
      <Part title="Switches">
        <Switch size="large" isOn={isOn} onChange={setOn} label="Connect" />
        <Switch size="large" isOn={false} onChange={() => {}} label="Off" />
        <Switch size="large" isOn isBusy onChange={() => {}} label="Connecting" />
        <Switch size="large" isOn isBad onChange={() => {}} label="Lost" />
        <Switch size="large" isOn={false} isDisabled onChange={() => {}} label="Not available" />
        <Switch isOn={isOn} onChange={setOn} label="Start at login" />
        <Switch isOn={false} onChange={() => {}} label="Notifications" />
      </Part>
      <Part title="States and badges">
        {states.map((state) => (
          <span key={state} className={styles.dot}>
            <StateDot state={state} share={0.45} />
            {state}
          </span>
        ))}
        <Badge tone="fine">3 of 3</Badge>
        <Badge tone="careful">2 of 3</Badge>
        <Badge tone="bad">none</Badge>
        <Badge tone="accent">direct</Badge>
        <Badge>outside</Badge>
        <Badge tone="fine" mark={<StateDot state="connected" />}>
          Connected
        </Badge>
      </Part>
    </>
  );
}
