/** Both languages say the same things with the same arguments, and every problem has its words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  answerOf,
  type Cause,
  catalogue,
  cause,
  causeCatalogue,
  causeText,
  type ProblemCode,
  problem,
  problemSchema,
  withFacts,
} from '../../app/contract/index.ts';
import { answerWords, causeWords, sayCause } from './cause-words.ts';
import { chinese } from './chinese.ts';
import { en } from './english.ts';
import { formatWith } from './format.ts';
import { problemWords } from './problem-words.ts';
import { pseudo, pseudoMessages } from './pseudo.ts';
import { createWords, languageFor, sayWith } from './words.ts';

const languages = { en, 'zh-CN': chinese } as const;
const intl = createWords('en', en);
const ids = Object.keys(en) as (keyof typeof en)[];

/** Names of the arguments in a message, as the parser sees them. */
function argumentsOf(message: string, locale: string): string[] {
  const names = new Set<string>();
  const walk = (parts: unknown): void => {
    for (const part of parts as {
      type: number;
      value?: string;
      options?: Record<string, { value: unknown }>;
      children?: unknown;
    }[]) {
      // 0 is literal text and 7 the # of a plural.
      if (part.type !== 0 && part.type !== 7 && part.value !== undefined) {
        names.add(part.value);
      }
      for (const option of Object.values(part.options ?? {})) {
        walk(option.value);
      }
      if (part.children !== undefined) {
        walk(part.children);
      }
    }
  };
  walk(intl.formatters.getMessageFormat(message, locale).getAst());
  return [...names].sort();
}

describe('the languages', () => {
  it('have files for the same areas, named in both lists', () => {
    const areas = (folder: string) => readdirSync(join(import.meta.dirname, folder)).sort();
    // The English of causes is the contract's.
    expect(areas('zh-CN')).toEqual([...areas('en'), 'cause.json'].sort());
    for (const file of ['english.ts', 'chinese.ts']) {
      const source = readFileSync(join(import.meta.dirname, file), 'utf8');
      for (const area of areas('en')) {
        expect(source).toContain(`/${area}'`);
      }
    }
  });

  it('have the same ids', () => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(en).sort());
  });

  it('keep each id in the file of its area', () => {
    for (const file of readdirSync(join(import.meta.dirname, 'en'))) {
      const area = file.replace('.json', '');
      const words = JSON.parse(readFileSync(join(import.meta.dirname, 'en', file), 'utf8')) as Record<string, string>;
      expect(Object.keys(words).filter((id) => !id.startsWith(`${area}.`))).toEqual([]);
    }
  });

  it.each(ids)('%s takes the same arguments in both', (id) => {
    expect(argumentsOf(chinese[id], 'zh-CN')).toEqual(argumentsOf(en[id], 'en'));
  });

  it('leave no English behind in Chinese', () => {
    // Names stay as they are; a sentence of words only would be one that nobody translated.
    const same = ids.filter((id) => chinese[id] === en[id] && /[a-z]{3,} [a-z]{3,}/i.test(en[id]));
    expect(same).toEqual([]);
  });
});

describe('problems', () => {
  const codes = Object.keys(catalogue) as ProblemCode[];
  const factsOf = (code: ProblemCode) =>
    Object.fromEntries(
      [catalogue[code].title, ...catalogue[code].fixes.map(({ text }) => text)]
        .flatMap((template) => [...template.matchAll(/\{(\w+)\}/g)])
        .map(([, name]) => [name ?? '', 'FACT']),
    );

  it.each(codes)('%s has a title and every piece of advice, with the facts of the catalogue', (code) => {
    for (const [locale, messages] of Object.entries(languages)) {
      const all: Readonly<Record<string, string>> = messages;
      const placeholders = (template: string) => [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect(argumentsOf(all[`problem.${code}.title`] ?? '', locale)).toEqual(placeholders(catalogue[code].title));
      catalogue[code].fixes.forEach((fix, index) => {
        const words = all[`problem.${code}.fix${index + 1}`];
        if (fix.kind === 'advice') {
          expect(argumentsOf(words ?? '', locale)).toEqual(placeholders(fix.text));
          expect(words, `${locale} ${code}`).toBeTruthy();
        }
      });
    }
  });

  it('say facts in the language, and clean them', () => {
    const { title, fixes } = problemWords(
      createWords('zh-CN', chinese),
      problem('agent-image-unpullable', 'ErrImagePull', { image: 'corp/\u202ebase', context: 'staging' }),
    );
    expect(title).toBe('集群无法拉取镜像 corp/base');
    expect(fixes[0]?.text).toBe('请选择一个集群能够拉取的镜像。');
    expect(fixes[1]).toEqual({ kind: 'command', text: 'slipway connect staging --base-image IMAGE' });
  });

  it('fall back to the core’s words for a code or a fact that is not known here', () => {
    const words = createWords('zh-CN', chinese);
    const unknown = { ...problem('internal', ''), code: 'not-yet-known', title: 'Something new' };
    expect(problemWords(words, unknown).title).toBe('Something new');
    const bare = { ...problem('forbidden', '', factsOf('forbidden')), facts: {} };
    expect(problemWords(words, bare).title).toBe('Your account may not FACT FACT');
  });
});

describe('causes', () => {
  const words = createWords('zh-CN', chinese);

  const spoken = (said: Cause) => ({ text: causeText(said), said });

  it('are said by somebody, and those of native programs in the same words', () => {
    const sources = ['app/contract', 'app/core', 'app/adapters', 'app/hosts']
      .map((folder) => join(import.meta.dirname, '../..', folder))
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.ts$/.test(file) && !/\.test\./.test(file))
          .map((file) => readFileSync(join(folder, file), 'utf8')),
      )
      .join('\n');
    const native = readFileSync(join(import.meta.dirname, '../../native/internal/wire/causes.go'), 'utf8');
    const ofGo = Object.fromEntries(
      [...native.matchAll(/\{"(\w+)", "([^"]+)"\}/g)].map(([, id, sentence]) => [id ?? '', sentence ?? '']),
    );
    expect(Object.keys(ofGo).length).toBeGreaterThan(5);
    expect(causeCatalogue).toMatchObject(ofGo);
    const isSaid = (id: string) => Object.hasOwn(ofGo, id) || new RegExp(`\\bcause\\([^;]*'${id}'`, 's').test(sources);
    expect(Object.keys(causeCatalogue).filter((id) => !isSaid(id))).toEqual([]);
  });

  it('are said in the language where they are ours, with their values, and stay as they are where they are not', () => {
    const inner = cause('helperNotConfirmed');
    for (const [said, inChinese] of [
      [cause('helperProtocol', { theirs: 0, ours: 1 }), '它使用协议 0，本核心使用协议 1'],
      [cause('notStarted', { reason: inner }), '无法启动：未获得确认'],
      [cause('endedWithSaid', { status: 1, said: 'log in\nfirst' }), '以 1 结束；其输出：log in\nfirst'],
      [cause('startingOn', { node: 'worker-0' }), '正在 worker-0 上启动'],
    ] as const) {
      expect(causeWords(words, spoken(said))).toBe(inChinese);
      expect(causeWords(intl, spoken(said))).toBe(causeText(said));
    }
    expect(sayCause(sayWith(words), spoken(cause('ended')))).toBe('已被结束');
    const { said, ...other } = problem('agent-image-unpullable', 'it was ended');
    expect(problemWords(words, { ...other, said }).cause).toBe('it was ended');
  });

  it.each([
    ['of a later core', { id: 'notYetKnown', values: {} }],
    ['of a prototype', { id: 'constructor', values: {} }],
    ['without its value', { id: 'notStarted', values: {} }],
  ])('%s are said as the core did', (_, said) => {
    expect(causeWords(words, { text: 'as it was said', said })).toBe('as it was said');
  });

  it('pass through a connection and its problems whole', () => {
    const made = problem('helper-missing', cause('notStarted', { reason: cause('helperNotConfirmed') }));
    expect(made.cause).toBe('it could not be started: permission was not given');
    expect(problemSchema.parse(JSON.parse(JSON.stringify(withFacts(made, { context: 'a' })))).said).toEqual(made.said);
    const { said: _, ...kept } = made; // an activity that was kept by an earlier version
    expect(problemSchema.parse(kept).said).toBeNull();
  });
});

describe('what a check, a proof or a step found', () => {
  const inChinese = sayWith(createWords('zh-CN', chinese));
  const inEnglish = sayWith(intl);

  it('is said in the language, and begins as a sentence does unless with a name', () => {
    for (const [said, english, other] of [
      [cause('helperBuild', { build: '1.2' }), 'Answers, build 1.2', '有响应，版本 1.2'],
      [cause('endpointsReady', { ready: 2, total: 3 }), '2 of 3 ready', '3 个中有 2 个就绪'],
      [cause('nameIs', { name: 'orders.webshop', address: '10.96.41.7' }), 'orders.webshop is 10.96.41.7', null],
    ] as const) {
      expect(answerWords(inEnglish, answerOf(said))).toBe(english);
      expect(answerWords(inChinese, answerOf(said))).toBe(other ?? 'orders.webshop 解析为 10.96.41.7');
    }
  });

  it('stays as it came where it is not ours, and is cleaned where it is', () => {
    expect(answerWords(inChinese, answerOf('HTTP/1.1 200 OK'))).toBeNull();
    expect(answerWords(inChinese, { answer: 'new', said: { id: 'notYetKnown', values: {} } })).toBeNull();
    expect(answerWords(inEnglish, answerOf(cause('agentRuns', { pod: 'a\u202eb' })))).toBe('ab is running');
  });
});

describe('saying', () => {
  const say = sayWith(intl);

  it('counts', () => {
    expect(say('shell.retryIn', { seconds: 1 })).toBe('Next try in 1 second');
    expect(say('shell.retryIn', { seconds: 4 })).toBe('Next try in 4 seconds');
    expect(sayWith(createWords('zh-CN', chinese))('shell.retryIn', { seconds: 4 })).toBe('4 秒后重试');
  });

  it('cleans what it is given', () => {
    expect(say('shell.noClusterFits', { text: 'a\u202eb\u0000' })).toBe('No context matches “ab”');
  });

  it('takes the first language of the system that there is', () => {
    expect(languageFor('system', ['fr-FR', 'zh-Hant-TW', 'en-GB'])).toBe('zh-CN');
    expect(languageFor('system', ['de', 'en-GB', 'zh'])).toBe('en');
    expect(languageFor('system', ['de'])).toBe('en');
    expect(languageFor('zh-CN', ['en'])).toBe('zh-CN');
  });

  it('can be made up, for tests, with its arguments whole', () => {
    expect(pseudo('Copy {name}')).toBe('[Çöpý {name}····]');
    expect(sayWith(createWords('en', pseudoMessages(en)))('kit.copyNamed', { name: 'URL' })).toContain('URL');
    for (const [id, message] of Object.entries(pseudoMessages(en))) {
      expect(argumentsOf(message, 'en'), id).toEqual(argumentsOf(en[id as keyof typeof en], 'en'));
    }
  });
});

describe('figures', () => {
  const english = formatWith(intl);
  const other = formatWith(createWords('zh-CN', chinese));

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [38_000_000, '38 MB'],
    [412_000_000, '412 MB'],
    [1_550_000_000, '1.6 GB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(english.bytes(bytes)).toBe(words);
  });

  it('are rates, times and ages', () => {
    expect(english.rate(3_200_000)).toBe('3.2 MB/s');
    expect(english.took(0.31)).toBe('0.3 ms');
    expect(english.microseconds(18_400)).toBe('18.4 ms');
    expect(english.took(1820)).toBe('1.8 sec');
    expect(english.duration(12 * 60_000)).toBe('12 min');
    expect(english.duration(185 * 60_000)).toBe('3 hr 5 min');
    expect(english.duration(41 * 86_400_000)).toBe('41 days');
    expect(other.duration(41 * 86_400_000)).toBe('41 天');
    expect(other.duration(12 * 60_000)).toBe('12 分钟');
    expect(other.duration(185 * 60_000)).toBe('3 小时 5 分钟');
    expect(english.took(3000)).toBe('3.0 sec'); // beside 4.4 sec
  });
});
