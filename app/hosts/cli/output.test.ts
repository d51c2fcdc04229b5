import { describe, expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { age, bytes, plain, table, withoutRepeats } from './output.ts';

describe('text for a terminal', () => {
  it('loses what could steer the terminal or turn its text around', () => {
    expect(plain('\u001b[2Jshop\u202egnp.exe')).toBe('[2Jshopgnp.exe');
  });

  it('is lined up in columns without trailing spaces, one line a row', () => {
    expect(
      table(
        ['NAME', 'AGE'],
        [
          ['orders', '3 s'],
          ['a\nb', ''],
        ],
      ),
    ).toBe('NAME    AGE\norders  3 s\na b');
  });

  it('breaks the last column on a screen that is narrower, and nothing where there is no room for it', () => {
    const rows = [
      ['theme', 'theme of the window (system, light, dark)'],
      ['recover', 'connect again'],
    ];
    const whole = 'SETTING  WHAT IT DOES\ntheme    theme of the window (system, light, dark)\nrecover  connect again';
    expect(table(['SETTING', 'WHAT IT DOES'], rows, 34)).toBe(
      'SETTING  WHAT IT DOES\ntheme    theme of the window\n         (system, light, dark)\nrecover  connect again',
    );
    expect(table(['SETTING', 'WHAT IT DOES'], rows, 20)).toBe(whole);
    expect(table(['SETTING', 'WHAT IT DOES'], rows, undefined)).toBe(whole);
  });

  it('counts bytes and ages in units that a person reads', () => {
    expect([bytes(0), bytes(1536), bytes(5 << 20)]).toEqual(['0 bytes', '1.5 kB', '5.2 MB']);
    expect([age(4000), age(600_000), age(8_000_000), age(400_000_000)]).toEqual(['4 s', '10 min', '2 h', '5 d']);
  });

  it('shows a text to copy once, below the last problem that it helps', () => {
    const missing = (verb: string, role: string) => problem('forbidden', 'denied', { verb, resource: 'pods' }, role);
    const said = withoutRepeats([missing('list', 'one'), missing('get', 'other'), missing('watch', 'one')]);
    expect(said.map(({ fixes }) => fixes.map(({ kind, text }) => (kind === 'copy' ? text : kind)))).toEqual([
      ['advice'],
      ['advice', 'other'],
      ['advice', 'one'],
    ]);
  });
});
