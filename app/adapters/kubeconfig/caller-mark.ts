/**
 * Tells later whether somebody is still the same caller for a credential plugin: AWS_PROFILE, say, decides as whom it
 * logs in. Values are kept as keyed digests, so that what is remembered holds none of them.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { CallerMark } from '../../core/ports.ts';
import type { Environment } from '../storage/folders.ts';

/** Of terminals, sessions, desktops and shells: they differ between any two windows and make nobody somebody else. */
const ofTheSession =
  /^(_|PWD|OLDPWD|SHLVL|SHELL|USER|USERNAME|LOGNAME|MAIL|PATH|MANPATH|INFOPATH|KUBECONFIG|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|TERM|TERMINFO|COLORTERM|COLORFGBG|COLUMNS|LINES|PAGER|EDITOR|VISUAL|BROWSER|LANG|LANGUAGE|TZ|DISPLAY|XAUTHORITY|XMODIFIERS|STY|WINDOW|NO_COLOR|FORCE_COLOR|CI|INIT_CWD|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|NOTIFY_SOCKET|SESSION_MANAGER|WINDOWID|WINDOWPATH|GPG_TTY|GPG_AGENT_INFO|SSH_CLIENT|SSH_CONNECTION|SSH_TTY|SSH_AGENT_PID|DBUS_[A-Z_]*|LC_[A-Z]*|LS_COLORS|LESS.*|HIST[A-Z]*|PS[0-4]|PROMPT.*|XDG_(SESSION|SEAT|VTNR|CURRENT|DATA_DIRS|CONFIG_DIRS|MENU|RUNTIME).*|DESKTOP_.*|GNOME_.*|GTK_.*|GDK_.*|GIO_.*|GJS_.*|GDM.*|QT_.*|KDE_.*|WAYLAND_.*|MOZ_.*|CLUTTER_.*|IM_.*|VTE_.*|TERM_.*|ITERM_.*|KITTY_.*|ALACRITTY_.*|WEZTERM_.*|KONSOLE_.*|TMUX.*|ZELLIJ.*|VSCODE_.*|ELECTRON_.*|CHROME_.*|ORIGINAL_XDG_.*|SYSTEMD_.*|LISTEN_.*|SUDO_.*|npm_.*|NODE.*|VITEST.*|BASH.*|ZSH.*|FISH.*|SLIPWAY_.*)$/;

export function markOf(
  environment: Environment,
  kubeconfigs: readonly string[],
  isExplicit: boolean,
  salt = randomBytes(16).toString('base64url'),
): CallerMark {
  const digest = (value: string) => createHmac('sha256', salt).update(value).digest('base64url').slice(0, 22);
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !ofTheSession.test(name)) {
      variables[name] = digest(value);
    }
  }
  return { kubeconfigs: [...kubeconfigs], isExplicit, salt, variables };
}

/** Names of variables that are another's, missing, or new since; sorted. */
export function differences(environment: Environment, mark: CallerMark): string[] {
  const now = markOf(environment, [], false, mark.salt).variables;
  const names = new Set([...Object.keys(now), ...Object.keys(mark.variables)]);
  return [...names].filter((name) => now[name] !== mark.variables[name]).toSorted();
}
