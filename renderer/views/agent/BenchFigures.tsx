import type { Latency, PathFigures, TransferFigures } from '../../../app/contract/index.ts';
import { HeaderCell, Table, TableCell, TableHead, TableRow } from '../../kit/Table.tsx';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './BenchPart.module.css';

/** What was measured so far, in tables. */
export function BenchFigures({ figures }: { readonly figures: PathFigures }) {
  const say = useWords();
  const format = useFormat();
  const { request, connection, knownName, clusterName, transfers } = figures;
  const beside = transfers.flatMap(({ direction, requestBeside }): [WordId, Latency | null][] =>
    requestBeside === null ? [] : [[direction === 'down' ? 'bench.besideDown' : 'bench.besideUp', requestBeside]],
  );
  const latencies = (
    [
      ['bench.request', request],
      ['bench.connection', connection],
      ['bench.knownName', knownName],
      ['bench.clusterName', clusterName],
      ...beside,
    ] as [WordId, Latency | null][]
  ).filter((row): row is [WordId, Latency] => row[1] !== null);
  return (
    <>
      <div className={styles.frame}>
        <Table label={say('bench.latency')} rowCount={latencies.length + 1} columnCount={4} className={styles.latency}>
          <TableHead>
            <HeaderCell>{say('bench.latency')}</HeaderCell>
            <HeaderCell>p50</HeaderCell>
            <HeaderCell>p95</HeaderCell>
            <HeaderCell>{say('bench.times')}</HeaderCell>
          </TableHead>
          {latencies.map(([words, latency], index) => (
            <TableRow key={words} index={index + 2} className={styles.row}>
              <TableCell>{say(words)}</TableCell>
              <TableCell kind="number">{latency.p50 === null ? '–' : format.took(latency.p50)}</TableCell>
              <TableCell kind="number">{latency.p95 === null ? '–' : format.took(latency.p95)}</TableCell>
              <TableCell kind="number">
                {latency.unanswered === 0
                  ? format.number(latency.count)
                  : say('bench.unanswered', { count: latency.count, unanswered: latency.unanswered })}
              </TableCell>
            </TableRow>
          ))}
        </Table>
      </div>
      {transfers.length === 0 ? null : <Throughput transfers={transfers} />}
    </>
  );
}

function Throughput({ transfers }: { readonly transfers: readonly TransferFigures[] }) {
  const say = useWords();
  const format = useFormat();
  return (
    <div className={styles.frame}>
      <Table
        label={say('bench.throughput')}
        rowCount={transfers.length + 1}
        columnCount={5}
        className={styles.throughput}
      >
        <TableHead>
          <HeaderCell>{say('bench.throughput')}</HeaderCell>
          <HeaderCell>{say('bench.mean')}</HeaderCell>
          <HeaderCell>{say('bench.least')}</HeaderCell>
          <HeaderCell>{say('bench.most')}</HeaderCell>
          <HeaderCell>{say('bench.moved')}</HeaderCell>
        </TableHead>
        {transfers.map(({ direction, connections, mean, least, most, bytes }, index) => (
          <TableRow key={`${direction} ${connections}`} index={index + 2} className={styles.row}>
            <TableCell>{say('bench.transfer', { direction, count: connections })}</TableCell>
            <TableCell kind="number">{format.rate(mean / 8)}</TableCell>
            <TableCell kind="number">{format.rate(least / 8)}</TableCell>
            <TableCell kind="number">{format.rate(most / 8)}</TableCell>
            <TableCell kind="number">{format.bytes(bytes)}</TableCell>
          </TableRow>
        ))}
      </Table>
    </div>
  );
}
