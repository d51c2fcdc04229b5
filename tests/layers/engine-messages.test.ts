/** The engine link in both languages: Go and TypeScript read the same golden files and agree on numbers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentPort, engineCommandSchema, engineEventSchema, engineProtocol } from '../../app/core/engine-messages.ts';

const wire = join(import.meta.dirname, '../../native/internal/wire');
const golden = readdirSync(join(wire, 'testdata/engine')).map((file) => ({
  file,
  document: JSON.parse(readFileSync(join(wire, 'testdata/engine', file), 'utf8')) as unknown,
}));
const commandsGiven = golden.filter(({ file }) => file.startsWith('command-'));
const eventsGiven = golden.filter(({ file }) => file.startsWith('event-'));

describe('golden messages of the engine link', () => {
  it.each(commandsGiven)('$file is read and written without loss', ({ document }) => {
    expect(JSON.parse(JSON.stringify(engineCommandSchema.parse(document)))).toEqual(document);
  });

  it.each(eventsGiven)('$file keeps every field', ({ document }) => {
    expect(engineEventSchema.parse(document)).toMatchObject(document as object);
  });

  it('covers every command and every event', () => {
    const names = (key: string, messages: typeof golden) =>
      new Set(messages.map(({ document }) => (document as Record<string, unknown>)[key]));
    for (const option of engineCommandSchema.options) {
      expect(names('command', commandsGiven)).toContain(option.shape.command.value);
    }
    for (const option of engineEventSchema.options) {
      expect(names('event', eventsGiven)).toContain(option.shape.event.value);
    }
  });

  it('uses the numbers of the Go side', () => {
    expect(readFileSync(join(wire, 'problem.go'), 'utf8')).toContain(`const Protocol = ${engineProtocol}\n`);
    expect(readFileSync(join(wire, 'agent.go'), 'utf8')).toContain(`const AgentPort = ${agentPort}\n`);
  });
});
