import { describe, expect, it } from 'vitest';
import { actions } from '../actions/registry.ts';
import { chinese } from './chinese.ts';
import { readingsOf, soundsLike } from './pinyin.ts';

describe('how Chinese words sound', () => {
  it.each([
    ['前往设置', 'shezhi', true],
    ['前往设置', 'sz', true],
    ['前往设置', 'shez', true],
    ['前往设置', 'qwsz', true],
    ['前往设置', 'qianwangshezhi', true],
    ['前往路由与名称', 'luyou', true],
    ['前往诊断', 'zd', true],
    ['前往 Agent', 'agent', true],
    ['前往 Agent', 'wangagent', true],
    ['前往设置', 's', false], // the beginning of too much
    ['前往设置', 'zs', false],
    ['前往设置', 'hezhi', false], // no character begins there
    ['前往设置', 'shezhii', false],
    ['前往设置', '', false],
  ])('%s is %s: %s', (text, letters, isSo) => {
    expect(soundsLike(text, letters)).toBe(isSo);
  });

  it('is known of every character of every word of the window', () => {
    const unknown = Object.values(chinese)
      .flatMap((message) => [...message])
      .filter((character) => /\p{Script=Han}/u.test(character) && readingsOf(character).length === 0);
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('finds each command by its own first letters', () => {
    const missed = actions
      .map(({ words }) => chinese[words])
      .filter((text) => {
        const han = [...text].filter((character) => /\p{Script=Han}/u.test(character));
        const letters = han.map((character) => readingsOf(character)[0]?.[0] ?? '').join('');
        // Names between the characters are read too; those commands are found by what stands before them.
        return han.length >= 2 && !/[a-z]/i.test(text) && !soundsLike(text, letters);
      });
    expect(missed).toEqual([]);
  });
});
