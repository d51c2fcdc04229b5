/** Amounts of bytes as every frontend tells them: decimal units (IEC 80000-13; 1 kB is 1000 bytes), three digits or so. */

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export interface Size {
  readonly value: number;
  /** A unit of ECMA-402, for `Intl.NumberFormat`. */
  readonly unit: (typeof units)[number];
  /** At most so many behind the point. */
  readonly digits: 0 | 1;
}

/** 1536 → 1.5 kilobyte. What would be rounded up to a thousand is one of the next unit. */
export function sizeOf(bytes: number): Size {
  let value = Math.max(0, bytes);
  let power = 0;
  while (Math.round(value) >= 1000 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return { value, unit: units[power] ?? 'byte', digits: power === 0 || value >= 100 ? 0 : 1 };
}
