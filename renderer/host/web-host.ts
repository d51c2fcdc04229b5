/** The host where a browser shows the window: the core is behind a WebSocket of the loopback host that served the page. */
import { type HostAbilities, type Platform, webAddress } from './host.ts';
import { lineLink } from './line-link.ts';

export function webHost(): HostAbilities {
  const address = new URL('link', window.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  address.search = '';
  return {
    kind: 'web',
    platform: platformOf(navigator.userAgent),
    link: lineLink(({ onOpen, onLine, onClosed }) => {
      // Kept by the page that let this browser in (app/hosts/web/web-host.ts); storage belongs to this port alone.
      const key = window.localStorage.getItem('slipway.key') ?? '';
      const socket = new WebSocket(address, key === '' ? ['slipway'] : ['slipway', `key.${key}`]);
      socket.addEventListener('open', onOpen);
      socket.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') {
          onLine(data);
        }
      });
      socket.addEventListener('close', ({ reason, code }) => onClosed(reason || `the connection closed (${code})`));
      return {
        send: (line) => {
          if (socket.readyState === WebSocket.OPEN) {
            socket.send(line);
          }
        },
        close: () => socket.close(),
      };
    }),
    openExternal: async (url) => {
      const target = webAddress(url);
      if (target === null) {
        return false;
      }
      window.open(target, '_blank', 'noopener,noreferrer');
      return true;
    },
    copyText: async (text) => {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return false;
      }
    },
    pickKubeconfigs: () => null,
    pathOfFile: () => null,
    pickReportPath: async () => '',
    setTheme: () => {},
    onAction: () => () => {},
  };
}

export function platformOf(userAgent: string): Platform {
  if (/Mac OS X|Macintosh/.test(userAgent)) {
    return 'darwin';
  }
  return /Windows/.test(userAgent) ? 'win32' : 'linux';
}
