/**
 * Links of pages to the core: each a socket of main's, its lines carried to and fro. They belong to one page: one that
 * is loaded again or gone takes its links along, else the next page would hear what the last one asked.
 */
import { connect, type Socket } from 'node:net';
import type { WebContents } from 'electron';
import { largestLine, splitLines } from '../app/hosts/lines.ts';
import { channels } from './channels.ts';

export interface Links {
  open(page: WebContents, id: number): void;
  send(page: WebContents, id: number, line: string): void;
  close(page: WebContents, id: number): void;
}

interface Link {
  socket: Socket | null;
  isOver: boolean;
}

/** Links that a page may have at a time; the window needs one, and a second for a moment. */
const mostLinks = 8;

/** What the core has not taken yet, in bytes; a page that sends more than that asks for nothing that it needs. */
const mostUnsent = 2 * largestLine;

export function openLinks(coreSocket: () => Promise<string>): Links {
  const pages = new Map<WebContents, Map<number, Link>>();

  function linksOf(page: WebContents): Map<number, Link> {
    const known = pages.get(page);
    if (known !== undefined) {
      return known;
    }
    const links = new Map<number, Link>();
    pages.set(page, links);
    const endAll = () => {
      for (const link of links.values()) {
        end(link);
      }
      links.clear();
    };
    page.on('did-navigate', endAll);
    page.once('destroyed', () => {
      endAll();
      pages.delete(page);
    });
    return links;
  }

  return {
    open: (page, id) => {
      const links = linksOf(page);
      if (links.has(id) || links.size >= mostLinks) {
        return;
      }
      const link: Link = { socket: null, isOver: false };
      links.set(id, link);
      const tell = (channel: string, ...values: unknown[]) => {
        if (links.get(id) === link && !page.isDestroyed()) {
          page.send(channel, id, ...values);
        }
      };
      const close = (because: string) => {
        tell(channels.linkClosed, because);
        if (links.get(id) === link) {
          links.delete(id);
        }
      };
      coreSocket().then(
        (path) => {
          if (link.isOver) {
            close('it was closed');
            return;
          }
          const socket = connect(path);
          link.socket = socket;
          let because = 'the core ended';
          const tooLong = () => {
            because = 'a line of the core was too long';
            socket.destroy();
          };
          splitLines(socket, (line) => tell(channels.line, line), tooLong);
          socket.on('error', (error) => {
            because = error.message;
          });
          socket.on('connect', () => tell(channels.linkOpened));
          socket.on('close', () => close(because));
        },
        (error: unknown) => close(error instanceof Error ? error.message : 'no core'),
      );
    },
    send: (page, id, line) => {
      const socket = pages.get(page)?.get(id)?.socket;
      socket?.write(`${line}\n`);
      if (socket && socket.writableLength > mostUnsent) {
        socket.destroy();
      }
    },
    close: (page, id) => {
      const link = pages.get(page)?.get(id);
      if (link !== undefined) {
        end(link);
      }
    },
  };
}

function end(link: Link): void {
  link.isOver = true;
  link.socket?.destroy();
}
