import { expect, it } from 'vitest';
import { placeText, readPlace } from './direct-path.ts';

it.each([
  ['10.1.2.3:31820', { host: '10.1.2.3', port: 31_820 }],
  ['gate.example.org:443', { host: 'gate.example.org', port: 443 }],
  ['[fd00::1]:8724', { host: 'fd00::1', port: 8724 }],
])('reads %s, and writes it so again', (text, place) => {
  expect(readPlace(text)).toEqual(place);
  expect(placeText(place)).toBe(text);
});

it.each([
  '',
  'gate',
  ':443',
  'gate:',
  'gate:0',
  'gate:65536',
  'fd00::1:8724',
  'https://gate:443',
  'a b:1',
  '-x:1',
  '[gate]:1',
])('reads nothing in %s', (text) => {
  expect(readPlace(text)).toBeNull();
});
