import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problem } from '../app/contract/index.ts';
import desktop from '../renderer/words/en/desktop.json' with { type: 'json' };
import { chinese, english, type Words, wordsOf } from './words.ts';

/** Everything that these words can say, with a context, a host or a count put in. */
function everything({ notice, ...words }: Words): string[] {
  return [...Object.values(words), ...Object.values(notice)].map((one) =>
    typeof one === 'string' ? one : (one as (value: unknown, problem: unknown) => string)('$& {name} 7', null),
  );
}

describe('the words of main', () => {
  it.each([
    ['English', english],
    ['Chinese', chinese],
  ])('are whole in %s: what is given stands in them as it is, and nothing is left to put in', (_, words) => {
    const said = everything(words);
    expect(said.filter((one) => one === '' || /\{(?!name\})/.test(one))).toEqual([]);
    expect(said.filter((one) => one.includes('$& {name} 7'))).toHaveLength(17);
  });

  it('are the window’s, in both languages', () => {
    expect(english.connecting('staging')).toBe('Connecting to staging');
    expect(chinese.connecting('staging')).toBe('正在连接 staging');
    expect([english.quit, chinese.quit]).toEqual(['Disconnect and quit', '断开并退出']);
    expect([english.coreGone, chinese.coreGone]).toEqual(['Slipway’s core does not answer', 'Slipway 核心没有响应']);
  });

  it('say what is broken in the language, with what it is about', () => {
    const taken = problem('route-taken', 'by vpn0', { prefix: '10.96.0.0/16' });
    expect(english.notice.degraded('dev', taken)).toBe('dev: Packets to 10.96.0.0/16 do not enter the tunnel');
    expect(chinese.notice.degraded('dev', taken)).toMatch(/^dev：.*10\.96\.0\.0\/16/);
    expect(english.degraded('dev', { ...taken, code: 'of-a-newer-core', title: 'Something new' })).toBe(
      'dev: Something new',
    );
  });

  it('are all that the area desktop has', () => {
    const source = readFileSync(join(import.meta.dirname, 'words.ts'), 'utf8');
    expect(Object.keys(desktop).filter((id) => !source.includes(`'${id}'`))).toEqual([]);
  });

  it('follow the choice, else the system', () => {
    expect(wordsOf('system', 'zh-TW')).toBe(chinese);
    expect(wordsOf('system', 'de')).toBe(english);
    expect(wordsOf('en', 'zh-CN')).toBe(english);
    expect(wordsOf('zh-CN', 'en')).toBe(chinese);
  });
});
