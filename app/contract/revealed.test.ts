import { expect, it } from 'vitest';
import { revealed } from './revealed.ts';

it('writes out what cannot be seen where somebody is to approve it', () => {
  expect(revealed('/usr/bin/aws\u200b')).toBe('/usr/bin/aws\\u{200b}');
  expect(revealed('a\u202eb\nc\u3164\u{e0041}')).toBe('a\\u{202e}b\\u{a}c\\u{3164}\\u{e0041}');
  expect(revealed('订单 /usr/bin/aws --x=1')).toBe('订单 /usr/bin/aws --x=1');
});
