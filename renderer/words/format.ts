/** Numbers, sizes, rates and times as the language writes them. Bytes are decimal (1 MB = 1,000,000 bytes). */
import { useMemo } from 'react';
import type { IntlShape } from 'react-intl';
import { sizeOf } from '../../app/contract/index.ts';
import { useIntl } from './words.ts';

export interface Format {
  number(value: number): string;
  bytes(bytes: number): string;
  /** Bytes a second. */
  rate(bytesPerSecond: number): string;
  /** A time that something took: 0.3 ms, 18 ms, 1.4 s, 2 min. */
  took(milliseconds: number): string;
  microseconds(microseconds: number): string;
  /** How long something lasts already: 42 s, 12 min, 3 hr 5 min, 41 days. */
  duration(milliseconds: number): string;
  /** Hours, minutes and seconds of a moment. */
  clock(at: number): string;
  /** Day and time of a moment. */
  moment(at: number): string;
  day(at: number): string;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A number stands apart from Chinese, as everywhere in our words (12 分钟); CLDR writes it without a space. */
const spaced = (text: string): string => text.replace(/(\d)(?=\p{Script=Han})/gu, '$1 ');

export function formatWith(intl: IntlShape): Format {
  const unit = (value: number, name: string, digits: number, display: 'short' | 'long' = 'short', least = 0) =>
    spaced(
      intl.formatNumber(value, {
        style: 'unit',
        unit: name,
        unitDisplay: display,
        maximumFractionDigits: digits,
        minimumFractionDigits: least,
      } as Parameters<IntlShape['formatNumber']>[1]),
    );
  const sized = (bytes: number, suffix: string) => {
    const { value, unit: name, digits } = sizeOf(bytes);
    const isPlain = name === 'byte' && suffix === ''; // "174 byte" is what the short form says
    return unit(value, `${name}${suffix}`, digits, isPlain ? 'long' : 'short');
  };
  const took = (milliseconds: number) => {
    if (milliseconds < second) {
      return unit(milliseconds, 'millisecond', milliseconds < 100 ? 1 : 0);
    }
    return milliseconds < minute ? unit(milliseconds / second, 'second', 1, 'short', 1) : duration(milliseconds);
  };
  const duration = (milliseconds: number) => {
    const whole = Math.max(0, milliseconds);
    if (whole < minute) {
      return unit(Math.floor(whole / second), 'second', 0);
    }
    if (whole < hour) {
      return unit(Math.floor(whole / minute), 'minute', 0);
    }
    if (whole < day) {
      const minutes = Math.floor((whole % hour) / minute);
      const hours = unit(Math.floor(whole / hour), 'hour', 0);
      return minutes === 0 ? hours : `${hours} ${unit(minutes, 'minute', 0)}`;
    }
    return intl.formatMessage({ id: 'format.daysAgo' }, { count: Math.floor(whole / day) });
  };
  return {
    number: (value) => intl.formatNumber(value),
    bytes: (bytes) => sized(bytes, ''),
    rate: (bytesPerSecond) => sized(bytesPerSecond, '-per-second'),
    took,
    microseconds: (microseconds) => took(microseconds / 1000),
    duration,
    clock: (at) => intl.formatTime(at, { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    moment: (at) => intl.formatDate(at, { dateStyle: 'medium', timeStyle: 'medium' }),
    day: (at) => intl.formatDate(at, { dateStyle: 'medium' }),
  };
}

export function useFormat(): Format {
  const intl = useIntl();
  return useMemo(() => formatWith(intl), [intl]);
}
