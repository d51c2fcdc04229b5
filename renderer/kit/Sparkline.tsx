import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
// Not from the module's CSS: its class names would be renamed.
import 'uplot/dist/uPlot.min.css';
import { classes } from './classes.ts';
import styles from './Sparkline.module.css';
import { tokenValue, useMedia } from './theme.ts';

export interface SparklineProps {
  /** Milliseconds since the epoch, rising. */
  readonly times: readonly number[];
  /** One or two lines over the same times. */
  readonly lines: readonly (readonly number[])[];
  /** What it says in words: a name and the latest value. */
  readonly label: string;
  readonly size?: 'line' | 'tall';
  /** Rises where a theme changed: a canvas does not hear of tokens. */
  readonly look?: string;
}

const colours = ['--color-accent', '--color-text-second'] as const;

/** The shape of the last minutes, without axes; the numbers stand beside it. */
export function Sparkline({ times, lines, label, size = 'line', look = '' }: SparklineProps) {
  const ground = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const isForced = useMedia('(forced-colors: active)');
  const count = lines.length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: look and forced colours stand for tokens, which are read anew
  useEffect(() => {
    const element = ground.current;
    if (element === null) {
      return;
    }
    const made = new UPlot(optionsFor(element, count), [[], ...Array.from({ length: count }, () => [])], element);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [count, look, isForced]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot (look, forced colours) needs the data again
  useEffect(() => {
    plot.current?.setData([times.map((time) => time / 1000), ...lines.map((line) => [...line])]);
  }, [times, lines, look, isForced]);

  return <div ref={ground} role="img" aria-label={label} className={classes(styles.spark, styles[size])} />;
}

function optionsFor(element: Element, count: number): UPlot.Options {
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [2, 1, 2, 1],
    cursor: { show: false },
    legend: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: false }, y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
    series: [
      {},
      ...colours.slice(0, count).map((name, index) => ({
        stroke: tokenValue(element, name) || 'CanvasText',
        width: 1.5,
        points: { show: false },
        ...(index === 0
          ? { fill: `color-mix(in srgb, ${tokenValue(element, name) || 'CanvasText'} 14%, transparent)` }
          : {}),
      })),
    ],
  };
}
