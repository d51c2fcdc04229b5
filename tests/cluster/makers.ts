/**
 * Who made an object of ours in the cluster, by the address that the API server wrote into its audit log (sandbox/audit.ts).
 * Objects do not say it themselves, and files that run side by side must not count each other's.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

interface AuditEvent {
  readonly objectRef?: { readonly name?: string; readonly subresource?: string };
  readonly sourceIPs?: readonly string[];
}

export class Makers {
  readonly #file: string;
  readonly #addresses = new Map<string, string>(); // by the object's name
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Address of the laptop that made the object of this name; undefined where nobody is known to have. */
  async addressOf(name: string): Promise<string | undefined> {
    // The API server writes when it has answered, and so a moment after others can see the object.
    for (let attempt = 0; attempt < 5 && !this.#addresses.has(name); attempt += 1) {
      await pause(attempt * 50);
      this.#refresh();
    }
    return this.#addresses.get(name);
  }

  /** Reads what was written since the last time. A sandbox from before it wrote any has no such file. */
  #refresh(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.#file, 'r');
    } catch {
      return;
    }
    try {
      const buffer = Buffer.alloc(1 << 16);
      for (;;) {
        const length = readSync(descriptor, buffer, 0, buffer.length, this.#offset);
        if (length === 0) {
          return;
        }
        this.#offset += length;
        this.#take(buffer.toString('utf8', 0, length));
      }
    } finally {
      closeSync(descriptor);
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const { objectRef, sourceIPs } = JSON.parse(line) as AuditEvent;
      const address = sourceIPs?.[0];
      if (objectRef?.name !== undefined && objectRef.subresource === undefined && address !== undefined) {
        this.#addresses.set(objectRef.name, address);
      }
    }
  }
}
