import { useState } from 'react';
import { Badge } from '../kit/Badge.tsx';
import { FigureCard } from '../kit/Card.tsx';
import { ForeignText } from '../kit/ForeignText.tsx';
import { SkeletonRows } from '../kit/Skeleton.tsx';
import { Sparkline } from '../kit/Sparkline.tsx';
import { HeaderCell, Table, TableCell, TableHead, TableRow } from '../kit/Table.tsx';
import { sampleCounters, sampleServices } from '../preview/samples.ts';
import styles from './KitPage.module.css';
import { Part } from './Part.tsx';

const times = sampleCounters.map(({ at }) => at);
const roundTrips = [sampleCounters.map(({ roundTripMicroseconds }) => roundTripMicroseconds / 1000)];
const traffic = [
  sampleCounters.map(({ bytesDown }, index) => bytesDown - (sampleCounters[index - 1]?.bytesDown ?? bytesDown)),
  sampleCounters.map(({ bytesUp }, index) => bytesUp - (sampleCounters[index - 1]?.bytesUp ?? bytesUp)),
];

export function ListsPart({ look }: { readonly look: string }) {
  const [chosen, setChosen] = useState('orders');
  return (
    <>
      <Part title="Figures">
        <div className={styles.cards}>
          <FigureCard label="Path" value="Direct, UDP" detail="node 10.20.4.7:31820" />
          <FigureCard
            label="Round trip"
            value="18.4 ms"
            detail="p95 24 ms"
            chart={<Sparkline times={times} lines={roundTrips} look={look} label="Round trip: 18.4 ms" />}
          />
          <FigureCard label="Traffic" value="3.2 MB/s" detail="↓ 412 MB ↑ 38 MB" />
          <FigureCard
            label="Routes and names"
            value="2 ranges"
            badge={<Badge tone="careful">1 refused</Badge>}
            detail="names by systemd-resolved"
          />
        </div>
        <div className={styles.wide}>
          <Sparkline size="tall" times={times} lines={traffic} look={look} label="Traffic: 3.2 MB/s" />
        </div>
      </Part>
      <Part title="Table">
        <Table label="Services" rowCount={6} columnCount={5} className={styles.table}>
          <TableHead>
            <HeaderCell sorted="ascending" onSort={() => {}}>
              Service
            </HeaderCell>
            <HeaderCell onSort={() => {}}>Namespace</HeaderCell>
            <HeaderCell>Address</HeaderCell>
            <HeaderCell>Ports</HeaderCell>
            <HeaderCell>Ready</HeaderCell>
          </TableHead>
          {sampleServices.slice(0, 5).map((service, index) => (
            <TableRow
              key={service.name}
              index={index + 2}
              isChosen={service.name === chosen}
              isActive={index === 2}
              onClick={() => setChosen(service.name)}
            >
              <TableCell kind="strong">
                <ForeignText text={service.name} />
              </TableCell>
              <TableCell kind="second">
                <ForeignText text={service.namespace} />
              </TableCell>
              <TableCell kind="code">{service.addresses[0] ?? 'headless'}</TableCell>
              <TableCell>{service.ports.map(({ name, port }) => `${name} ${port}`).join(' · ')}</TableCell>
              <TableCell>
                <Badge tone={service.endpoints.length === 0 ? 'bad' : 'fine'}>
                  {service.endpoints.length || 'none'}
                </Badge>
              </TableCell>
            </TableRow>
          ))}
        </Table>
      </Part>
      <Part title="Rows on their way">
        <div className={styles.wide}>
          <SkeletonRows count={4} />
        </div>
      </Part>
    </>
  );
}
